import JobContract
import Primitives
import Redis

@testable import Models
@testable import Support

extension Campaign {
    /// A job to be pushed.
    private struct Draft {
        var id: JobID
        var kind: JobKind
        var game: GameID
        var more: [String] = []
        var supersedes = false
        /// Whether it has a label that the stricter workers do not allow.
        var isLabelled = false

        var message: String { Fleet.message(kind, id, game: game, more.joined(separator: ",")) }
    }

    func pushJobs(_ generator: SeededGenerator, until end: ContinuousClock.Instant) async throws {
        var random = generator
        var number = 0
        while ContinuousClock.now < end {
            number += 1
            let kinds = [JobKind.start, .start, .start, .restart, .stop, .stop, .remove]
            let game: GameID = "g\(Int.random(in: 0..<games, using: &random))"
            let kind = kinds.randomElement(using: &random) ?? .start
            try await push(await draft("j\(number)", kind, game, &random))
            if number.isMultiple(of: 15) { try await log.retryDeadLetter(of: fleet, &random) }
            let gap = Duration.milliseconds(Int.random(in: 5...150, using: &random))
            try await pause(gap, because: "this is the pace of the load")
        }
    }

    /// For each game a stop, and for some a start after it.
    func pushLastJobs() async throws {
        for game in 0..<games {
            let stop = #""stop_timeout_seconds":1"#
            try await push(Draft(id: "l\(game)", kind: .stop, game: "g\(game)", more: [stop], supersedes: true))
            guard game.isMultiple(of: 2) else { continue }
            try await push(Draft(id: "m\(game)", kind: .start, game: "g\(game)", more: image(fleet.world.image)))
        }
    }

    private func image(_ reference: String) -> [String] { [#""image":"\#(reference)""#, #""pull_policy":"never""#] }

    private func draft(
        _ id: JobID,
        _ kind: JobKind,
        _ game: GameID,
        _ random: inout SeededGenerator
    ) async -> Draft {
        func dice(_ sides: Int) -> Int { Int.random(in: 0..<sides, using: &random) }
        var draft = Draft(id: id, kind: kind, game: game)
        if kind == .start || kind == .restart { draft.more += engine(dice(12)) }
        if kind == .start, dice(3) == 0 {
            draft.more.append(#""labels":\#(Self.hostileLabels[dice(Self.hostileLabels.count)])"#)
            draft.isLabelled = true
        }
        if kind != .start { draft.more.append(#""stop_timeout_seconds":1"#) }
        if kind == .remove { draft.more.append(#""force":\#(dice(2) == 0)"#) }
        let (isGuarded, lateness) = (dice(4) == 0, dice(24))
        draft.supersedes = kind == .stop || kind == .remove
        if draft.supersedes, isGuarded, let container = await lastContainer(of: game) {
            draft.more.append(#""container_id":"\#(container)""#)
            draft.supersedes = false
        }
        // One that has passed, or one that passes where the job has to wait.
        if lateness == 0 { draft.supersedes = false }
        let deadline = CampaignLog.now.advanced(by: .seconds(lateness == 0 ? -1 : lateness - 1))
        if lateness < 3 { draft.more.append(#""deadline":"\#(deadline.rfc3339)""#) }
        return draft
    }

    /// Labels that somebody may think of to confuse whoever reads them.
    private static let hostileLabels = [
        #"{"team":"x"}"#, #"{"a b\nc":"\u001b[2J\u202e"}"#,
        #"{"__proto__":"{}","constructor":"'; DROP"}"#, #"{"die":"exitCode=0","status":"running"}"#,
        #"{"big":"\#(String(repeating: "x", count: 4_000))"}"#, #"{"owner":"rtmanager","game_id":"g0","v":"1"}"#,
    ]

    /// Mostly the idle image; also one that becomes healthy, one that never answers, one that is not there.
    private func engine(_ choice: Int) -> [String] {
        switch choice {
        case 0, 1: image(parts.healthyImage) + [#""ready_timeout_seconds":20"#]
        case 2: image(fleet.world.image) + [#""ready_timeout_seconds":1"#]
        case 3: image("\(fleet.world.prefix)-nowhere:1")
        default: image(fleet.world.image)
        }
    }

    /// What was last told of the game's container, which may be gone by now.
    private func lastContainer(of game: GameID) async -> ContainerID? {
        let results = try? await fleet.results()
        return results?.last { $0.gameID == game && $0.containerID != nil }?.containerID
    }

    private func push(_ draft: Draft) async throws {
        // As a producer does that was not answered: again, under the same id.
        try await eventually("Redis to take \(draft.id)", within: .seconds(60)) {
            do {
                try await fleet.push(draft.message)
                return true
            } catch is RedisError {
                return false
            }
        }
        if draft.isLabelled { log.add(labelled: draft.id) }
        log.add(.init(id: draft.id, kind: draft.kind, game: draft.game, supersedes: draft.supersedes))
    }
}
