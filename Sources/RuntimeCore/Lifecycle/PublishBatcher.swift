import DockerPort
import JobContract
import Primitives

/// An observation that waits for publication.
package struct PendingObservation: Sendable, Equatable {
    package var observation: Observation
    package let since: MonotonicInstant
    /// The container's checkpoint when the observation's batch was taken, encoded; empty without a published step.
    package fileprivate(set) var checkpoint = ""

    fileprivate init(_ observation: Observation, since: MonotonicInstant) {
        self.observation = observation
        self.since = since
    }
}

/// Knows what is published, and decides what to publish next. Pure; the only place with the checkpoints, the cursor and
/// the waiting observations of a term.
///
/// Observations of one container leave in order, one in each batch. Checkpoints stay encoded: most are never needed.
package struct PublishBatcher: Sendable {
    /// The shortest time between two batches with an `oom` or a health change of the same container.
    package static let frequentInterval = Duration.seconds(1)
    /// The longest wait for a job to record whether its stop needed SIGKILL, and the time between two checks.
    package static let stopResultLimit = Duration.seconds(2)
    package static let stopResultInterval = Duration.milliseconds(25)
    /// The largest number of events in an observation. Above it, the oldest events are dropped.
    package static let mostHints = 1_024
    /// The largest number of observations that are ready to be published.
    package static let capacity = 1_024

    /// Why and until when a container's first observation waits.
    private enum Delay {
        /// For the next frequent steps, to be published together.
        case frequent(until: MonotonicInstant)
        /// For the result of a stop.
        case stopResult(until: MonotonicInstant)

        var end: MonotonicInstant {
            switch self {
            case .frequent(let end), .stopResult(let end): end
            }
        }
    }

    private var checkpoints: [ContainerID: String] = [:]
    /// The point on Docker's clock up to which all events are published.
    package private(set) var cursor: Timestamp
    /// Observations by container, in order.
    private var waiting: [ContainerID: [PendingObservation]] = [:]
    /// Containers with a waiting observation and without a delay, in order.
    private var due: [ContainerID] = []
    private var delays: [ContainerID: Delay] = [:]
    /// When a frequent step of a container was published, if less than ``frequentInterval`` ago.
    private var lastFrequent: [ContainerID: MonotonicInstant] = [:]
    private var count = 0

    package init(cursor: Timestamp) { self.cursor = cursor }

    package var isEmpty: Bool { waiting.isEmpty }
    /// Whether no further container should be inspected yet.
    package var isFull: Bool { count - delays.count >= Self.capacity }

    /// Replaces all checkpoints with the checkpoints read from Redis. A failover of Redis can lose published steps, and
    /// such steps must be published again. If Redis has a newer checkpoint by now, `emit` says so.
    ///
    /// - Returns: The former checkpoints. The caller releases them: that takes time with thousands of containers.
    package mutating func replace(_ new: consuming [ContainerID: String]) -> [ContainerID: String] {
        swap(&checkpoints, &new)
        return new
    }

    package mutating func add(_ observation: Observation, at now: MonotonicInstant) {
        let id = observation.containerID
        count += 1
        switch delays[id] {
        case .frequent:
            // May show a step that must not wait, so the next batch decides again.
            delays[id] = nil
            waiting[id]?.append(PendingObservation(observation, since: now))
            mergeFirst(id)
            due.append(id)
        case .stopResult:
            waiting[id]?.append(PendingObservation(observation, since: now))
        case nil:
            if waiting[id] == nil { due.append(id) }
            waiting[id, default: []].append(PendingObservation(observation, since: now))
        }
    }

    /// Returns the next observation of each container that is due at `now`, up to `most`, with its checkpoint.
    package mutating func take(_ most: Int, at now: MonotonicInstant) -> [PendingObservation] {
        lastFrequent = lastFrequent.filter { $0.value.duration(to: now) < Self.frequentInterval }
        let released = delays.filter { $0.value.end <= now }.keys.sorted()
        for id in released { delays[id] = nil }
        due += released
        let ids = Array(due.prefix(most))
        due.removeFirst(ids.count)
        return ids.compactMap { id in
            guard var pending = waiting[id]?.removeFirst() else { return nil }
            count -= 1
            if waiting[id]?.isEmpty == true { waiting[id] = nil } else { due.append(id) }
            pending.checkpoint = checkpoints[id] ?? ""
            return pending
        }
    }

    /// Decides what happens with a taken observation and its missing steps. Returns whether to publish the steps now.
    /// Otherwise keeps the observation for later, unless no step is missing.
    package mutating func accepts(_ pending: PendingObservation, _ diff: LifecycleDiff?, at now: MonotonicInstant)
        -> Bool
    {
        guard let diff else { return false }
        let id = pending.observation.containerID
        if diff.mayWait, let last = lastFrequent[id], last.duration(to: now) < Self.frequentInterval {
            putBack(pending)
            if waiting[id]?.count == 1 {
                delay(id, .frequent(until: last.advanced(by: Self.frequentInterval)))
            } else {
                mergeFirst(id)
            }
            return false
        }
        if diff.awaitsStopResult, pending.since.duration(to: now) < Self.stopResultLimit {
            putBack(pending)
            delay(id, .stopResult(until: now.advanced(by: Self.stopResultInterval)))
            return false
        }
        return true
    }

    /// Records that the steps are published.
    package mutating func published(_ id: ContainerID, _ diff: LifecycleDiff, at now: MonotonicInstant) {
        checkpoints[id] = diff.checkpoint?.encoded
        if diff.checkpoint != nil, diff.entries.contains(where: \.kind.isFrequent) { lastFrequent[id] = now }
    }

    /// Records that Redis has another checkpoint, and keeps the observation for another comparison.
    package mutating func conflicted(_ pending: PendingObservation, actual checkpoint: String) {
        checkpoints[pending.observation.containerID] = checkpoint.isEmpty ? nil : checkpoint
        putBack(pending)
    }

    /// Records that the container's lifecycle has ended before. Drops all observations of the container.
    package mutating func ended(_ id: ContainerID) {
        checkpoints[id] = nil
        lastFrequent[id] = nil
        delays[id] = nil
        due.removeAll { $0 == id }
        count -= waiting.removeValue(forKey: id)?.count ?? 0
    }

    /// Returns the cursor to store with these observations, or nil if an inspection without an event found all of them.
    package func cursor(with batch: [PendingObservation]) -> Timestamp? {
        batch.flatMap(\.observation.hints).map(\.occurredAt).max().map { max($0, cursor) }
    }

    /// Moves the cursor after a batch. A delayed observation does not hold the cursor: after a change of the leader, the
    /// first reconcile finds its steps.
    package mutating func finished(_ batch: [PendingObservation]) { cursor = cursor(with: batch) ?? cursor }

    /// Returns the time until ``take(_:at:)`` can return more without a further call, or nil.
    package func pause(at now: MonotonicInstant) -> Duration? {
        guard due.isEmpty else { return .zero }
        return delays.values.map(\.end).min().map { max(now.duration(to: $0), .zero) }
    }
}

extension PublishBatcher {
    /// Puts a taken observation back before all others of its container.
    private mutating func putBack(_ pending: PendingObservation) {
        let id = pending.observation.containerID
        if waiting[id] == nil { due.append(id) }
        waiting[id, default: []].insert(pending, at: 0)
        count += 1
    }

    private mutating func delay(_ id: ContainerID, _ delay: Delay) {
        due.removeAll { $0 == id }
        delays[id] = delay
    }

    /// Merges the container's first two observations: the later inspection, and the events of both.
    private mutating func mergeFirst(_ id: ContainerID) {
        guard var pending = waiting[id], pending.count > 1 else { return }
        let first = pending.removeFirst()
        var merged = PendingObservation(pending[0].observation, since: first.since)
        merged.observation.hints = (first.observation.hints + merged.observation.hints).suffix(Self.mostHints)
        pending[0] = merged
        waiting[id] = pending
        count -= 1
    }
}
