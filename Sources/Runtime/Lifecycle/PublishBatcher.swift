import RuntimeCore
import Synchronization

/// The checkpoints that Redis has, as the reconciler has read them last, until the publisher takes them.
final class PublishedCheckpoints: Sendable {
    private struct State {
        var latest: [String: String]?
        /// What the publisher believed before. To let go of thousands takes longer than it has time for.
        var past: [String: String] = [:]
    }

    private let state = Mutex(State())

    func put(_ checkpoints: consuming [String: String]) {
        var past: [String: String] = [:]
        var latest: [String: String]? = checkpoints
        state.withLock { state in
            swap(&state.latest, &latest)
            swap(&state.past, &past)
        }
    }

    /// Has `book` believe what was put in last, if anything was.
    func correct(_ book: inout PublishBatcher) {
        state.withLock { state in
            guard let latest = state.latest else { return }
            state.past = book.correct(latest)
            state.latest = nil
        }
    }
}

/// A observation that is still to be told.
struct PendingObservation: Sendable {
    let value: Observation
    let since: MonotonicInstant
}

/// What was published of each container as far as this term knows, and what of them is still to be told. The
/// observations of one container are told one after the other.
struct PublishBatcher {
    /// Encoded checkpoints as Redis has them.
    private var checkpoints: [String: String]
    private var waiting: [String: [PendingObservation]] = [:]
    /// Containers in whose turn something may be told now, in order.
    private var due: [String] = []
    /// Containers whose first observation waits for something else to happen.
    private var parked: Set<String> = []
    /// When an `oom` or a change of health was published of a container, within the last ``frequentPause``.
    private var lastFrequent: [String: MonotonicInstant] = [:]
    /// Sightings that tell only of such, until when they wait for more.
    private var held: [String: (observation: PendingObservation, until: MonotonicInstant)] = [:]

    /// Shortest time between two `oom`s or changes of health of one container.
    static let frequentPause = Duration.seconds(1)
    /// Most events that one observation keeps; of more the oldest are forgotten.
    static let mostHints = 1_024

    init(checkpoints: [String: String]) { self.checkpoints = checkpoints }

    var hasWaiting: Bool { !waiting.isEmpty || !held.isEmpty }
    var hasDue: Bool { !due.isEmpty }

    func encodedCheckpoint(of id: String) -> String { checkpoints[id] ?? "" }

    func checkpoint(of id: String) -> Checkpoint? { checkpoints[id].flatMap { Checkpoint(encoded: $0) } }

    /// Believes what Redis says. A Redis that lost its last writes, as by a failover, has other checkpoints than this term gave it,
    /// and steps that must be told again. Where the checkpoints are older than what was told since, the script says so.
    ///
    /// - Returns: what was believed before.
    mutating func correct(_ checkpoints: [String: String]) -> [String: String] {
        defer { self.checkpoints = checkpoints }
        return self.checkpoints
    }

    mutating func setCheckpoint(_ checkpoint: String, of id: String) {
        checkpoints[id] = checkpoint.isEmpty ? nil : checkpoint
    }

    /// Takes new observations, and lets those that waited be tried again.
    mutating func add(_ observations: [Observation], at now: MonotonicInstant) {
        due += parked.sorted()
        parked = []
        lastFrequent = lastFrequent.filter { $0.value.duration(to: now) < Self.frequentPause }
        for observation in observations {
            let id = observation.containerID
            var observation = observation
            if let before = held.removeValue(forKey: id)?.observation.value {
                observation.hints = (before.hints + observation.hints).suffix(Self.mostHints)
            }
            if waiting[id] == nil, !due.contains(id) { due.append(id) }
            waiting[id, default: []].append(PendingObservation(value: observation, since: now))
        }
        for (id, entry) in held.sorted(by: { $0.key < $1.key }) where entry.until <= now {
            held[id] = nil
            retry(entry.observation)
        }
    }

    /// Whether an `oom` or a change of health of the container was published so short a time ago that the next must wait.
    func mustHold(_ id: String, at now: MonotonicInstant) -> Bool {
        lastFrequent[id].map { $0.duration(to: now) < Self.frequentPause } ?? false
    }

    /// Keeps a observation that tells only of `oom`s or changes of health until the next may be published. What is seen of
    /// its container until then is told together with it.
    mutating func hold(_ observation: PendingObservation) {
        let id = observation.value.containerID
        guard let last = lastFrequent[id] else { return retry(observation) }
        if let next = waiting[id]?.first {
            waiting[id]?[0] = Self.merged(observation, next)
        } else {
            held[id] = (observation, last.advanced(by: Self.frequentPause))
        }
    }

    private static func merged(_ first: PendingObservation, _ second: PendingObservation) -> PendingObservation {
        var value = second.value
        value.hints = (first.value.hints + value.hints).suffix(mostHints)
        return PendingObservation(value: value, since: first.since)
    }

    /// An `oom` or a change of health of the container was published.
    mutating func publishedFrequent(_ id: String, at now: MonotonicInstant) { lastFrequent[id] = now }

    /// The next observation of each container in whose turn something is due.
    mutating func takeDue(most: Int) -> [PendingObservation] {
        let ids = Array(due.prefix(most))
        due.removeFirst(ids.count)
        return ids.compactMap { id in
            guard var observations = waiting[id], !observations.isEmpty else { return nil }
            let first = observations.removeFirst()
            waiting[id] = observations.isEmpty ? nil : observations
            if !observations.isEmpty { due.append(id) }
            return first
        }
    }

    /// Puts a observation back, to be told at once.
    mutating func retry(_ observation: PendingObservation) {
        let id = observation.value.containerID
        waiting[id, default: []].insert(observation, at: 0)
        if !due.contains(id) { due.append(id) }
    }

    /// Puts a observation back until ``add(_:at:)`` is called next, and with it what was seen of its container since.
    mutating func park(_ observation: PendingObservation) {
        let id = observation.value.containerID
        waiting[id, default: []].insert(observation, at: 0)
        due.removeAll { $0 == id }
        parked.insert(id)
    }

    /// The story of this container has ended.
    mutating func forget(_ id: String) {
        checkpoints[id] = nil
        waiting[id] = nil
        held[id] = nil
        lastFrequent[id] = nil
        due.removeAll { $0 == id }
    }
}
