import DockerPort
import JobContract
import JobQueue
import Logging
import Primitives
import RuntimeCore

/// Publishes the lifecycles of the containers of a node, for one term.
///
/// An event is only a hint to inspect a container. The reader passes events to the ``InspectQueue``; the inspector
/// passes observations to the ``PublishQueue``; the publisher publishes the missing steps. The reconciler requests
/// inspections of containers with a possibly missed event.
struct EventsListener: Sendable {
    let queue: any DeliveryQueue
    let docker: any DockerClient
    let ownership: ContainerOwnership
    let term: LeaderTerm
    let watch: DockerHealth
    /// Raised to request a reconcile.
    let reconcileNow: WakeSignal
    /// Called after a failed call to Redis.
    let failed: @Sendable (QueueError) -> Void
    /// The executor of all tasks except the reconciler, which computes for longer; nil: the executor of the caller.
    let executor: (any TaskExecutor)?
    /// The port of a game engine whose image has no port label.
    let enginePort: Int
    let logger: Logger

    /// A subscription begins this much before the cursor. Docker orders events only roughly, and answers a subscription
    /// before registering it. A slow inspection may also still run when later events are already published. The time
    /// is enough for two inspections at their time limit.
    private static let overlap = Duration.seconds(8)
    /// The time limit for Docker to accept a stream.
    private static let acceptLimit = Duration.seconds(3)
    /// The number of failed pings in a row after which a silent stream counts as broken.
    private static let mostMisses = 3

    /// Publishes until the task is cancelled or another worker leads.
    func run() async {
        let observations = PublishQueue(
            cursor: term.cursor.flatMap { Timestamp(rfc3339: $0) } ?? MonotonicClock.wallNow
        )
        let publisher = LifecyclePublisher(
            queue: queue,
            epoch: term.epoch,
            observations: observations,
            enginePort: enginePort,
            failed: failed,
            logger: logger
        )
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask(executorPreference: executor) { try await publisher.run() }
                group.addTask { try await listen(observations) }
                defer { group.cancelAll() }
                try await group.next()
            }
        } catch is Fenced {
            logger.warning("another worker publishes the node's events now")
        } catch {
            // Only a cancelled task ends otherwise.
        }
    }

    /// Learns of changes in the way of the schedule, again and again.
    ///
    /// - Throws: ``Fenced`` if another worker leads.
    private func listen(_ observations: PublishQueue) async throws {
        var schedule = ListenSchedule()
        var backoff = LoopBackoff()
        while !Task.isCancelled {
            var accepted: MonotonicInstant?
            do {
                let events = try await stream(schedule.mode, observations)
                accepted = MonotonicClock.now
                RuntimeMetrics.hearing(true)
                let heardSince = MonotonicClock.wallNow
                try await inspect(observations, heardSince: heardSince, reconcileEvery: Reconciler.interval) {
                    try await read(events, into: $0)
                }
            } catch let error as Fenced {
                throw error
            } catch {
                guard !Task.isCancelled else { return }
                logger.warning("Docker's event stream ended; reconnecting", metadata: ["error": "\(error)"])
                // A refused stream alone does not mean that Docker is away.
                var isDockerAway = (error as? DockerError)?.code == .unavailable
                if isDockerAway { isDockerAway = await watch.isEngineAway() }
                if accepted == nil { RuntimeMetrics.hearing(false) }
                let lasted = accepted.map { $0.duration(to: MonotonicClock.now) }
                schedule.streamEnded(after: lasted, isDockerAway: isDockerAway)
                if let lasted, lasted > .seconds(5) { backoff.succeeded() }
                await backoff.pause()
            }
        }
    }

    /// Returns an accepted stream. Throws if Docker refuses the stream.
    private func stream(_ mode: ListenSchedule.Mode, _ observations: PublishQueue) async throws -> DockerEvents {
        guard case .compare(let time) = mode else {
            // Nobody compares lists meanwhile, so the wait is short.
            return try await withDeadline(Self.acceptLimit, sleep: MonotonicClock.sleep) {
                try await subscribe(observations)
            }
        }
        logger.error(
            "Docker's events cannot be read; the leader reconciles instead",
            metadata: ["every": "\(Reconciler.shortInterval)", "tried_again_after": "\(time)"]
        )
        do {
            try await inspect(observations, heardSince: nil, reconcileEvery: Reconciler.shortInterval) { _ in
                try await MonotonicClock.sleep(for: time)
                throw Accepted(events: try await subscribe(observations))
            }
            throw CancellationError()
        } catch let accepted as Accepted {
            return accepted.events
        }
    }

    private func subscribe(_ observations: PublishQueue) async throws -> DockerEvents {
        try await docker.eventsListen(since: observations.cursor.advanced(by: .zero - Self.overlap))
    }

    /// Runs the tasks that find changes, until one of the tasks throws.
    ///
    /// - Parameters:
    ///   - heardSince: The begin of the event stream; nil without a stream.
    ///   - source: Adds events to the queue.
    private func inspect(
        _ observations: PublishQueue,
        heardSince: Timestamp?,
        reconcileEvery interval: Duration,
        source: @escaping @Sendable (InspectQueue) async throws -> Void
    ) async throws {
        let requests = InspectQueue()
        let inspector = ContainerInspector(
            docker: docker,
            ownership: ownership,
            watch: watch,
            requests: requests,
            observations: observations,
            logger: logger,
            heardSince: heardSince
        )
        let reconciler = Reconciler(
            queue: queue,
            ownership: ownership,
            epoch: term.epoch,
            requests: requests,
            observations: observations,
            logger: logger
        )
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask(executorPreference: executor) { try await source(requests) }
            group.addTask { try await watchdog() }
            group.addTask(executorPreference: executor) { try await inspector.run() }
            group.addTask { try await reconciler.run(every: interval, now: reconcileNow) }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    /// Reads the stream and never waits: a stalled reader slows down Docker. Drops events of foreign containers.
    private func read(_ events: DockerEvents, into requests: InspectQueue) async throws {
        for try await event in events
        where event.labels[GalaxyLabel.owner] == GalaxyLabel.ownerValue
            && event.labels[GalaxyLabel.namespace] == ownership.namespace && event.mayChangeLifecycle
        {
            requests.add(event)
        }
    }

    /// Ends a stream without a sign of life. A frozen Docker Engine or a half-open connection sends no end of stream.
    private func watchdog() async throws {
        while await watch.missed.wait() {
            guard watch.misses >= Self.mostMisses else { continue }
            throw DockerError(
                .timeout,
                operation: "eventsListen",
                message: "the Docker Engine did not answer \(Self.mostMisses) times in a row",
                retryable: true
            )
        }
    }
}

/// Docker has accepted a stream: the comparison of lists is over.
private struct Accepted: Error {
    let events: DockerEvents
}

extension DockerEvent {
    /// Whether the container may have a new step after the event.
    fileprivate var mayChangeLifecycle: Bool {
        ["start", "die", "died", "destroy", "remove", "oom"].contains(action) || action.hasPrefix("health_status")
    }
}
