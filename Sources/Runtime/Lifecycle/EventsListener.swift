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
    /// The time between two warnings that Docker's events cannot be read. A lasting outage of Docker has its own line.
    private static let reminder = Duration.seconds(600)
    /// The number of failed pings in a row after which a silent stream counts as broken.
    private static let mostMisses = 3

    private let comparing = LogThrottle()
    private let reconcileFails = LogThrottle()

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
        var outage = OutageLog(reminder: Self.reminder)
        while !Task.isCancelled {
            var accepted: MonotonicInstant?
            do {
                let events = try await stream(schedule.mode, observations)
                accepted = MonotonicClock.now
                RuntimeMetrics.hearing(true)
                let heardSince = MonotonicClock.wallNow
                noteStream(after: outage.succeeded(at: .sinceStart))
                try await inspect(observations, heardSince: heardSince, reconcileEvery: Reconciler.interval) {
                    try await read(events, into: $0)
                }
            } catch let error as Fenced {
                throw error
            } catch {
                guard !Task.isCancelled else { return }
                noteEnd(error, isNews: outage.failed(at: .sinceStart))
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

    private func noteStream(after outage: Duration?) {
        guard let outage else { return }
        logger.notice("Docker's events are read again", metadata: ["after": "\(outage.shortText)"])
    }

    private func noteEnd(_ error: any Error, isNews: Bool) {
        logger.log(
            level: isNews ? .warning : .debug,
            "Docker's event stream ended; reconnecting",
            metadata: ["error": "\((error as? DockerError)?.message ?? "\(error)")"]
        )
    }

    /// Returns an accepted stream. Throws if Docker refuses the stream.
    private func stream(_ mode: ListenSchedule.Mode, _ observations: PublishQueue) async throws -> DockerEvents {
        guard case .compare(let time) = mode else {
            // Nobody compares lists meanwhile, so the wait is short.
            do {
                return try await withDeadline(Self.acceptLimit, sleep: MonotonicClock.sleep) {
                    try await subscribe(observations)
                }
            } catch is DeadlinePassed {
                throw Self.silence("the Docker Engine did not begin its events within \(Self.acceptLimit.shortText)")
            }
        }
        logger.log(
            level: comparing.level(.error),
            "Docker's events cannot be read; the leader reconciles instead",
            metadata: ["every": "\(Reconciler.shortInterval.shortText)", "tried_again_after": "\(time.shortText)"]
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
            failures: reconcileFails,
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
            throw Self.silence("the Docker Engine did not answer \(Self.mostMisses) times in a row")
        }
    }

    private static func silence(_ message: String) -> DockerError {
        DockerError(.timeout, operation: "eventsListen", message: message, retryable: true)
    }
}

/// Docker has accepted a stream: the comparison of lists is over.
private struct Accepted: Error {
    let events: DockerEvents
}

extension Duration {
    /// The time of the clock since its fixed point.
    fileprivate static var sinceStart: Duration { .nanoseconds(MonotonicClock.now.nanoseconds) }
}

extension DockerEvent {
    /// Whether the container may have a new step after the event.
    fileprivate var mayChangeLifecycle: Bool {
        ["start", "die", "died", "destroy", "remove", "oom"].contains(action) || action.hasPrefix("health_status")
    }
}
