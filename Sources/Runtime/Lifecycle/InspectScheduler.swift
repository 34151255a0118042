import JobContract
import RuntimeCore

/// What is looked at, what has to wait for that, and how much may be looked at next: the decisions of ``ContainerInspector``.
struct InspectScheduler: Equatable {
    /// Looks at once. The Engine answers one in half a millisecond.
    static let mostLooks = 64
    /// Of these, looks that no event asked for, and how long a part of that size takes at least: thousands of them must
    /// leave time for jobs, which run on the same thread.
    static let mostWantedLooks = 4
    static let wantedInterval = Duration.milliseconds(2)
    /// How long to leave what failed alone where nothing else comes.
    static let retryInterval = Duration.seconds(1)

    /// How many may be taken now.
    struct Room: Equatable {
        /// Of all.
        var looks: Int
        /// Of those that no event asked for.
        var wanted: Int
    }

    /// A container of which the Engine could not tell, and when to ask again.
    private struct Failed: Equatable {
        var request: InspectRequest
        let next: MonotonicInstant
    }

    /// Containers that are looked at, and why.
    private var looks: [String: InspectRequest] = [:]
    /// Their games, as far as events tell.
    private var games: Set<GameID> = []
    /// How many of the looks no event has asked for.
    private var wantedLooks = 0
    /// When looks that no event asks for may begin again.
    private var nextWanted: MonotonicInstant
    /// What asked for another look at one of them meanwhile, or at another container of its game, in order.
    private var held: [InspectRequest] = []
    private var failed: [Failed] = []

    init(now: MonotonicInstant) { nextWanted = now }

    /// How much may be taken at `now`. Where that is anything that no event asked for, it is taken for done.
    mutating func takeRoom(at now: MonotonicInstant) -> Room {
        // Looks that are tried again, and those that were held, begin whatever there is room for.
        let left = max(0, Self.mostLooks - looks.count - held.count)
        guard left > 0, nextWanted <= now else { return Room(looks: left, wanted: 0) }
        let wanted = max(0, Self.mostWantedLooks - wantedLooks)
        if wanted > 0 { nextWanted = now.advanced(by: Self.wantedInterval) }
        return Room(looks: left, wanted: wanted)
    }

    /// Which of these can be looked at now; the others are held.
    mutating func begin(_ requests: [InspectRequest]) -> [InspectRequest] {
        var started: [InspectRequest] = []
        for request in requests {
            if looks[request.containerID] != nil || request.gameID.map(games.contains) == true {
                hold(request)
            } else {
                looks[request.containerID] = request
                if let game = request.gameID { games.insert(game) } else { wantedLooks += 1 }
                started.append(request)
            }
        }
        return started
    }

    /// One look tells of one run: what began anew is looked at once more.
    private mutating func hold(_ request: InspectRequest) {
        if let last = held.lastIndex(where: { $0.containerID == request.containerID }),
            !(held[last].hasEnd && request.hasStart)
        {
            held[last].hints += request.hints
        } else {
            held.append(request)
        }
    }

    /// A look has ended. Answers what had waited for it.
    mutating func end(_ id: String) -> [InspectRequest] {
        guard let ended = looks.removeValue(forKey: id) else { return [] }
        if let game = ended.gameID { games.remove(game) } else { wantedLooks -= 1 }
        assert(wantedLooks >= 0)
        guard !held.isEmpty else { return [] }
        defer { held.removeAll { ended.concerns($0) } }
        return held.filter { ended.concerns($0) }
    }

    /// A look has ended without an answer, and is asked for again at `next`. What waited for another look at the same
    /// container will not come to more than that one; answers what else had waited for it.
    mutating func fail(_ request: InspectRequest, next: MonotonicInstant) -> [InspectRequest] {
        let waited = end(request.containerID)
        var request = request
        request.hints += waited.filter { $0.containerID == request.containerID }.flatMap(\.hints)
        failed.append(Failed(request: request, next: next))
        return waited.filter { $0.containerID != request.containerID }
    }

    /// What is to be asked for again by now.
    mutating func takeDue(at now: MonotonicInstant) -> [InspectRequest] {
        defer { failed.removeAll { $0.next <= now } }
        return failed.filter { $0.next <= now }.map(\.request)
    }

    /// How long nothing is to be done unless something comes; nil: for ever.
    ///
    /// - Parameter hasWanted: whether containers wait that no event asked for.
    func pause(at now: MonotonicInstant, hasWanted: Bool) -> Duration? {
        let untilWanted = now.duration(to: nextWanted)
        if hasWanted, untilWanted > .zero, wantedLooks < Self.mostWantedLooks { return untilWanted }
        return failed.isEmpty ? nil : Self.retryInterval
    }
}
