import Primitives
import RuntimeCore
import Synchronization

/// The observations of a term on their way to the publisher, and what the term has published. See ``PublishBatcher``.
final class PublishQueue: Sendable {
    private let batcher: Mutex<PublishBatcher>
    private let added = WakeSignal()
    private let taken = WakeSignal()

    init(cursor: Timestamp) { batcher = Mutex(PublishBatcher(cursor: cursor)) }

    /// The point on Docker's clock up to which all events are published.
    var cursor: Timestamp { batcher.withLock { $0.cursor } }

    func add(_ observation: Observation) {
        batcher.withLock { $0.add(observation, at: MonotonicClock.now) }
        added.raise()
    }

    /// Waits until the publisher has capacity for further observations, or until the task is cancelled.
    func waitForCapacity() async {
        while !Task.isCancelled, batcher.withLock({ $0.isFull }) { await taken.wait() }
    }

    /// Returns the next batch. Waits for the first observation; returns none if the task is cancelled.
    func next(_ most: Int) async -> [PendingObservation] {
        while !Task.isCancelled {
            let now = MonotonicClock.now
            let (batch, pause) = batcher.withLock { ($0.take(most, at: now), $0.pause(at: now)) }
            guard batch.isEmpty else {
                taken.raise()
                return batch
            }
            await added.wait(atMost: pause)
        }
        return []
    }

    /// Replaces the checkpoints of all containers with the checkpoints read from Redis.
    func replaceCheckpoints(_ checkpoints: consuming [ContainerID: String]) {
        var former = checkpoints
        // The former checkpoints are released after the lock, here and not on the publisher's thread.
        batcher.withLock { former = $0.replace(former) }
    }

    /// Changes the state of publication. For the publisher only.
    func update<Value>(_ body: (inout PublishBatcher) -> Value) -> Value { batcher.withLock { body(&$0) } }
}
