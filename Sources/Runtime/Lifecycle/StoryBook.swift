import RuntimeCore
import Synchronization

/// The marks that Redis has, as the reconciler has read them last, until the teller takes them.
final class PublishedMarks: Sendable {
    private struct State {
        var latest: [String: String]?
        /// What the teller believed before. To let go of thousands takes longer than it has time for.
        var past: [String: String] = [:]
    }

    private let state = Mutex(State())

    func put(_ marks: consuming [String: String]) {
        var past: [String: String] = [:]
        var latest: [String: String]? = marks
        state.withLock { state in
            swap(&state.latest, &latest)
            swap(&state.past, &past)
        }
    }

    /// Has `book` believe what was put in last, if anything was.
    func correct(_ book: inout StoryBook) {
        state.withLock { state in
            guard let latest = state.latest else { return }
            state.past = book.correct(latest)
            state.latest = nil
        }
    }
}

/// A sighting that is still to be told.
struct WaitingSighting: Sendable {
    let value: Sighting
    let since: MonotonicInstant
}

/// What was published of each container as far as this term knows, and what of them is still to be told. The
/// sightings of one container are told one after the other.
struct StoryBook {
    /// Encoded marks as Redis has them.
    private var marks: [String: String]
    private var waiting: [String: [WaitingSighting]] = [:]
    /// Containers in whose turn something may be told now, in order.
    private var due: [String] = []
    /// Containers whose first sighting waits for something else to happen.
    private var parked: Set<String> = []
    /// When an `oom` or a change of health was published of a container, within the last ``frequentPause``.
    private var lastFrequent: [String: MonotonicInstant] = [:]
    /// Sightings that tell only of such, until when they wait for more.
    private var held: [String: (sighting: WaitingSighting, until: MonotonicInstant)] = [:]

    /// Shortest time between two `oom`s or changes of health of one container.
    static let frequentPause = Duration.seconds(1)
    /// Most events that one sighting keeps; of more the oldest are forgotten.
    static let mostHints = 1_024

    init(marks: [String: String]) { self.marks = marks }

    var hasWaiting: Bool { !waiting.isEmpty || !held.isEmpty }
    var hasDue: Bool { !due.isEmpty }

    func encodedMark(of id: String) -> String { marks[id] ?? "" }

    func mark(of id: String) -> StoryMark? { marks[id].flatMap { StoryMark(encoded: $0) } }

    /// Believes what Redis says. A Redis that lost its last writes, as by a failover, has other marks than this term gave it,
    /// and steps that must be told again. Where the marks are older than what was told since, the script says so.
    ///
    /// - Returns: what was believed before.
    mutating func correct(_ marks: [String: String]) -> [String: String] {
        defer { self.marks = marks }
        return self.marks
    }

    mutating func setMark(_ mark: String, of id: String) { marks[id] = mark.isEmpty ? nil : mark }

    /// Takes new sightings, and lets those that waited be tried again.
    mutating func add(_ sightings: [Sighting], at now: MonotonicInstant) {
        due += parked.sorted()
        parked = []
        lastFrequent = lastFrequent.filter { $0.value.duration(to: now) < Self.frequentPause }
        for sighting in sightings {
            let id = sighting.containerID
            var sighting = sighting
            if let before = held.removeValue(forKey: id)?.sighting.value {
                sighting.hints = (before.hints + sighting.hints).suffix(Self.mostHints)
            }
            if waiting[id] == nil, !due.contains(id) { due.append(id) }
            waiting[id, default: []].append(WaitingSighting(value: sighting, since: now))
        }
        for (id, entry) in held.sorted(by: { $0.key < $1.key }) where entry.until <= now {
            held[id] = nil
            retry(entry.sighting)
        }
    }

    /// Whether an `oom` or a change of health of the container was published so short a time ago that the next must wait.
    func mustHold(_ id: String, at now: MonotonicInstant) -> Bool {
        lastFrequent[id].map { $0.duration(to: now) < Self.frequentPause } ?? false
    }

    /// Keeps a sighting that tells only of `oom`s or changes of health until the next may be published. What is seen of
    /// its container until then is told together with it.
    mutating func hold(_ sighting: WaitingSighting) {
        let id = sighting.value.containerID
        guard let last = lastFrequent[id] else { return retry(sighting) }
        if let next = waiting[id]?.first {
            waiting[id]?[0] = Self.merged(sighting, next)
        } else {
            held[id] = (sighting, last.advanced(by: Self.frequentPause))
        }
    }

    private static func merged(_ first: WaitingSighting, _ second: WaitingSighting) -> WaitingSighting {
        var value = second.value
        value.hints = (first.value.hints + value.hints).suffix(mostHints)
        return WaitingSighting(value: value, since: first.since)
    }

    /// An `oom` or a change of health of the container was published.
    mutating func publishedFrequent(_ id: String, at now: MonotonicInstant) { lastFrequent[id] = now }

    /// The next sighting of each container in whose turn something is due.
    mutating func takeDue(most: Int) -> [WaitingSighting] {
        let ids = Array(due.prefix(most))
        due.removeFirst(ids.count)
        return ids.compactMap { id in
            guard var sightings = waiting[id], !sightings.isEmpty else { return nil }
            let first = sightings.removeFirst()
            waiting[id] = sightings.isEmpty ? nil : sightings
            if !sightings.isEmpty { due.append(id) }
            return first
        }
    }

    /// Puts a sighting back, to be told at once.
    mutating func retry(_ sighting: WaitingSighting) {
        let id = sighting.value.containerID
        waiting[id, default: []].insert(sighting, at: 0)
        if !due.contains(id) { due.append(id) }
    }

    /// Puts a sighting back until ``add(_:at:)`` is called next, and with it what was seen of its container since.
    mutating func park(_ sighting: WaitingSighting) {
        let id = sighting.value.containerID
        waiting[id, default: []].insert(sighting, at: 0)
        due.removeAll { $0 == id }
        parked.insert(id)
    }

    /// The story of this container has ended.
    mutating func forget(_ id: String) {
        marks[id] = nil
        waiting[id] = nil
        held[id] = nil
        lastFrequent[id] = nil
        due.removeAll { $0 == id }
    }
}
