import DockerPort
import JobContract
import Primitives
import Synchronization

/// A container to be looked at, and the events that are the reason.
struct InspectRequest: Sendable, Equatable {
    let containerID: String
    /// The oldest first; none where the reconciler wants it looked at.
    var hints: [DockerEvent]

    /// As an event tells it; nil where only the reconciler wants it looked at.
    var gameID: GameID? { hints.first?.labels[GalaxyLabel.gameID].map { GameID($0) } }

    var hasEnd: Bool { hints.contains { $0.action == "die" } }

    var hasStart: Bool { hints.contains { $0.action == "start" } }

    /// Whether both are looks at the same container, or as far as is known at two of the same game.
    func concerns(_ other: InspectRequest) -> Bool {
        containerID == other.containerID || gameID != nil && gameID == other.gameID
    }
}

/// Containers that wait to be looked at. Whoever puts one in never waits; who takes is told by a signal.
///
/// Events go before what the reconciler wants, so that a reconcile of thousands does not delay them.
final class EventInbox: Sendable {
    fileprivate struct State {
        var events: [DockerEvent] = []
        /// Events before this index were taken.
        var taken = 0
        var wanted: [String] = []
        var wantedTaken = 0
        var wantedIDs: Set<String> = []

        var waiting: Int { events.count - taken }
    }

    private let state = Mutex(State())
    private let capacity: Int
    /// Raised where there is something to take.
    let filled = WakeSignal()

    init(capacity: Int = 65_536) { self.capacity = capacity }

    /// Puts an event in. Answers false where too many wait: it is dropped, and only a look at everything finds
    /// what it told.
    func put(_ event: DockerEvent) -> Bool {
        let fits = state.withLock { state in
            guard state.waiting < capacity else { return false }
            state.events.append(event)
            return true
        }
        if fits { filled.raise() }
        return fits
    }

    /// Puts in containers that the reconciler wants looked at. One that waits already is not put in again.
    func put(wanted ids: [String]) {
        // A part at a time: who takes them runs where jobs do, and must not wait for thousands.
        for start in stride(from: 0, to: ids.count, by: 128) {
            state.withLock { state in
                for id in ids[start..<min(start + 128, ids.count)] where state.wantedIDs.insert(id).inserted {
                    state.wanted.append(id)
                }
            }
        }
        filled.raise()
    }

    /// Whether containers wait that the reconciler wanted.
    var hasWanted: Bool { state.withLock { !$0.wantedIDs.isEmpty } }

    /// Takes what is to be looked at next, each container once: up to `events` events, and, where that leaves
    /// room, up to `wanted` that the reconciler wants.
    func take(events mostEvents: Int, wanted mostWanted: Int) -> [InspectRequest] {
        state.withLock { state in
            var requests: [InspectRequest] = []
            var places: [String: Int] = [:]
            while state.waiting > 0, requests.count < mostEvents {
                let event = state.events[state.taken]
                let place = places[event.containerID]
                // One look tells of one run: what began anew is looked at once more.
                if event.action == "start", let place, requests[place].hasEnd { break }
                state.taken += 1
                if let place {
                    requests[place].hints.append(event)
                } else {
                    places[event.containerID] = requests.count
                    requests.append(InspectRequest(containerID: event.containerID, hints: [event]))
                }
            }
            var added = 0
            while state.wantedTaken < state.wanted.count, added < mostWanted, requests.count < mostEvents {
                let id = state.wanted[state.wantedTaken]
                state.wantedTaken += 1
                state.wantedIDs.remove(id)
                guard places[id] == nil else { continue }
                places[id] = requests.count
                requests.append(InspectRequest(containerID: id, hints: []))
                added += 1
            }
            state.forgetTaken()
            return requests
        }
    }
}

extension EventInbox.State {
    /// Lets go of what was taken, now and then: to do it each time would move all that waits.
    fileprivate mutating func forgetTaken() {
        if taken == events.count || taken > 4_096 {
            events.removeFirst(taken)
            taken = 0
        }
        if wantedTaken == wanted.count || wantedTaken > 4_096 {
            wanted.removeFirst(wantedTaken)
            wantedTaken = 0
        }
    }
}
