import DockerPort
import Primitives
import RuntimeCore
import Synchronization

/// The bounded channel between Docker's events and the inspector. Senders never wait. See ``InspectScheduler``.
final class InspectQueue: Sendable {
    private struct State {
        var scheduler: InspectScheduler
        /// The error that ends the inspector.
        var failure: DockerError?
    }

    private let state: Mutex<State>
    private let changed = WakeSignal()
    /// Raised when an event did not fit: only a reconcile finds what the event reported.
    let dropped = WakeSignal()

    init(mostEvents: Int = InspectScheduler.mostEvents) {
        state = Mutex(State(scheduler: InspectScheduler(mostEvents: mostEvents, now: MonotonicClock.now)))
    }

    func add(_ event: DockerEvent) {
        guard state.withLock({ $0.scheduler.add(event) }) else {
            RuntimeMetrics.eventDropped()
            return dropped.raise()
        }
        changed.raise()
    }

    /// Adds requests of the reconciler.
    func add(reconcile ids: [ContainerID]) {
        // In parts: the inspector runs on the thread of the jobs, and must not wait for thousands of insertions.
        for start in stride(from: 0, to: ids.count, by: 128) {
            state.withLock { state in
                for id in ids[start..<min(start + 128, ids.count)] { state.scheduler.add(reconcile: id) }
            }
        }
        changed.raise()
    }

    /// Returns the next requests to start. Waits for the first; returns none if the task is cancelled.
    func next() async throws(DockerError) -> [InspectRequest] {
        while !Task.isCancelled {
            let now = MonotonicClock.now
            let (failure, requests, pause) = state.withLock {
                ($0.failure, $0.scheduler.start(at: now), $0.scheduler.pause(at: now))
            }
            if let failure { throw failure }
            guard requests.isEmpty else { return requests }
            await changed.wait(atMost: pause)
        }
        return []
    }

    func finish(_ request: InspectRequest) {
        state.withLock { $0.scheduler.finish(request) }
        changed.raise()
    }

    func fail(_ request: InspectRequest, retryAfter pause: Duration) {
        let retryAt = MonotonicClock.now.advanced(by: pause)
        state.withLock { $0.scheduler.fail(request, retryAt: retryAt) }
        changed.raise()
    }

    /// Makes ``next()`` throw the error.
    func end(_ error: DockerError) {
        state.withLock { $0.failure = error }
        changed.raise()
    }
}
