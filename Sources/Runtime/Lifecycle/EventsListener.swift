import DockerPort
import JobContract
import JobQueue
import Logging
import Primitives
import RuntimeCore
import Synchronization

/// Follows the containers of one node and publishes the steps of their stories, for one term.
///
/// Events are hints to look; ``RuntimeCore/LifecycleSteps`` decides what is missing, and the script publishes each step
/// once, whoever saw it. Four tasks hand on to each other, so that none waits for what another is slow at: the
/// pump reads the Engine's events, the inspector looks at containers, the publisher publishes, and the reconciler
/// wants containers looked at of which an event may have been missed.
struct EventsListener: Sendable {
    let queue: any DeliveryQueue
    let docker: any DockerClient
    let ownership: ContainerOwnership
    let term: LeaderTerm
    let watch: DockerHealth
    /// Raised where everything is to be compared now.
    let reconcileNow: WakeSignal
    /// Where events are followed; nil: where the listener runs. What compares everything does not run there.
    let executor: (any TaskExecutor)?
    let logger: Logger

    /// A replay begins this much earlier than what was published: Docker's clock is not in strict order over containers,
    /// it answers a subscription before it registers it, and a container that it was slow to tell of is looked at while
    /// later events of others are published already. It is enough for two looks of the longest.
    private static let overlap = Duration.seconds(8)
    /// The same where nobody has published before: this machine's clock may not be the Engine's.
    private static let firstOverlap = Duration.seconds(8)
    /// Failed pings in a row after which a silent stream is given up.
    private static let mostMisses = 3
    /// A stream that ends sooner counts as one that cannot be read. After two of them in a row lists are compared instead.
    private static let shortestStream = Duration.seconds(1)
    /// How long lists are compared before the stream is tried again.
    private static let deafTime = Duration.seconds(10)

    /// Listens until the task is cancelled or another worker leads.
    func run() async {
        var backoff = LoopBackoff()
        var failures = 0
        let progress = Progress(
            term.cursor.flatMap { Timestamp(rfc3339: $0) }
                ?? MonotonicClock.wallNow.advanced(by: Self.overlap - Self.firstOverlap)
        )
        while !Task.isCancelled {
            let begun = MonotonicClock.now
            do {
                if failures < 2 {
                    try await follow(progress)
                } else {
                    try await compareLists(progress)
                    failures = 1
                }
            } catch is Fenced {
                return logger.warning("another worker publishes the node's events now")
            } catch {
                guard !Task.isCancelled else { return }
                logger.warning("Docker's event stream ended; reconnecting", metadata: ["error": "\(error)"])
                // The Engine may refuse its events alone.
                if (error as? DockerError)?.code == .unavailable { _ = await watch.isEngineAway() }
                let lasted = begun.duration(to: MonotonicClock.now)
                failures = lasted < Self.shortestStream ? failures + 1 : 0
                if lasted > .seconds(5) { backoff.succeeded() }
                await backoff.pause()
            }
        }
    }

    /// One subscription, to its end, which is thrown.
    private func follow(_ progress: Progress) async throws {
        let events = try await docker.eventsListen(since: progress.value.advanced(by: .zero - Self.overlap))
        RuntimeMetrics.hearing(true)
        try await publish(progress) { inbox, overflow in try await pump(events, inbox, overflow) }
    }

    /// While the Engine's events cannot be read and its list can: compares lists, for a while. Throws where the Engine does
    /// not answer either.
    private func compareLists(_ progress: Progress) async throws {
        RuntimeMetrics.hearing(false)
        logger.error(
            "Docker's events cannot be read; the leader reconciles instead",
            metadata: ["every": "\(Reconciler.deafInterval)", "tried_again_after": "\(Self.deafTime)"]
        )
        do {
            try await publish(progress, interval: Reconciler.deafInterval) { _, _ in
                try await MonotonicClock.sleep(for: Self.deafTime)
                throw EnoughCompared()
            }
        } catch is EnoughCompared {
            return
        }
    }

    /// Runs the tasks that look, publish and compare, until one of them or `hear` throws.
    private func publish(
        _ progress: Progress,
        interval: Duration = Reconciler.interval,
        _ hear: @escaping @Sendable (EventInbox, WakeSignal) async throws -> Void
    ) async throws {
        let inbox = EventInbox()
        let observations = BoundedChannel<Observation>(capacity: 1_024)
        let published = PublishedCheckpoints()
        let overflow = WakeSignal()
        let inspector = ContainerInspector(
            docker: docker,
            ownership: ownership,
            watch: watch,
            inbox: inbox,
            observations: observations,
            logger: logger
        )
        let publisher = LifecyclePublisher(
            queue: queue,
            epoch: term.epoch,
            observations: observations,
            published: published,
            progress: progress,
            logger: logger
        )
        let reconciler = Reconciler(
            queue: queue,
            ownership: ownership,
            epoch: term.epoch,
            inbox: inbox,
            published: published,
            logger: logger
        )
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask(executorPreference: executor) { try await hear(inbox, overflow) }
            group.addTask { try await watchdog() }
            group.addTask(executorPreference: executor) { try await inspector.run() }
            group.addTask(executorPreference: executor) { try await publisher.run() }
            group.addTask { try await reconciler.run(every: interval, now: reconcileNow, afterGap: overflow) }
            // Whatever ends first has thrown, or the task is cancelled.
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    /// Reads the stream and waits for nobody. Foreign containers' events end here.
    private func pump(_ events: DockerEvents, _ inbox: EventInbox, _ overflow: WakeSignal) async throws {
        for try await event in events {
            guard event.labels[GalaxyLabel.owner] == GalaxyLabel.ownerValue,
                event.labels[GalaxyLabel.namespace] == ownership.namespace, event.mayTell
            else { continue }
            guard !inbox.put(event) else { continue }
            RuntimeMetrics.eventDropped()
            overflow.raise()
        }
    }

    /// A frozen Engine, or a connection that is only half there, sends no end of the stream.
    private func watchdog() async throws {
        while await watch.missed.wait() {
            guard watch.misses >= Self.mostMisses else { continue }
            throw DockerError(
                .timeout,
                operation: "eventsListen",
                message: "the Engine did not answer \(Self.mostMisses) times in a row",
                retryable: true
            )
        }
    }
}

/// The stream is to be tried again.
private struct EnoughCompared: Error {}

/// Point of the Engine's clock up to which everything was published.
final class Progress: Sendable {
    private let time: Mutex<Timestamp>

    init(_ start: Timestamp) { time = Mutex(start) }

    var value: Timestamp { time.withLock { $0 } }

    func moved(to time: Timestamp) { self.time.withLock { $0 = max($0, time) } }
}

extension DockerEvent {
    /// Whether a container may have something to tell after it.
    fileprivate var mayTell: Bool {
        ["start", "die", "died", "destroy", "remove", "oom"].contains(action) || action.hasPrefix("health_status")
    }
}
