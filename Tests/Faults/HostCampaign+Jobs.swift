import JobContract
import Primitives
import Redis

@testable import Models
@testable import Support

extension HostCampaign {
    private static let sizes = [64, 128, 256, 384]

    /// Pushes jobs until the campaign is over.
    func pushJobs(_ generator: SeededGenerator) async throws {
        var random = generator
        var number = 0
        while !isOver {
            number += 1
            try await pushJob("j\(number)", &random)
            if number.isMultiple(of: 12) { try await log.retryDeadLetter(of: fleet, &random) }
            let gap = Duration.milliseconds(Int.random(in: 20...250, using: &random))
            try await pause(gap, because: "this is the pace of the load")
        }
    }

    /// For each game a stop, and for some a small start after it.
    func pushLastJobs() async throws {
        for game in 0..<Self.games {
            let stop = #""stop_timeout_seconds":1"#
            try await push(.init(id: "l\(game)", kind: .stop, game: "g\(game)", supersedes: true), [stop])
            guard game.isMultiple(of: 2) else { continue }
            try await push(.init(id: "m\(game)", kind: .start, game: "g\(game)"), start("m\(game)", Self.sizes[0]))
        }
    }

    private func pushJob(_ id: JobID, _ random: inout SeededGenerator) async throws {
        func dice(_ sides: Int) -> Int { Int.random(in: 0..<sides, using: &random) }
        let kinds = [JobKind.start, .start, .start, .restart, .stop, .remove]
        let kind = kinds[dice(kinds.count)]
        var push = History.Push(id: id, kind: kind, game: "g\(dice(Self.games))", supersedes: !kind.startsGame)
        let size = Self.sizes[dice(Self.sizes.count)]
        var more = kind.startsGame ? start(id, size) : []
        if kind != .start { more.append(#""stop_timeout_seconds":1"#) }
        if kind == .remove { more.append(#""force":\#(dice(2) == 0)"#) }
        // One that has passed, or one that passes while the job waits for its node.
        let lateness = dice(24)
        if lateness == 0 { push.supersedes = false }
        let deadline = CampaignLog.now.advanced(by: .seconds(lateness == 0 ? -1 : 3 * lateness))
        if lateness < 4 { more.append(#""deadline":"\#(deadline.rfc3339)""#) }
        try await self.push(push, more)
    }

    private func start(_ id: JobID, _ size: Int) -> [String] {
        note(memory: Int64(size) << 20, of: id)
        return [
            #""image":"\#(fleet.world.image)""#, #""pull_policy":"never""#, #""limits":{"memory":"\#(size)m"}"#,
        ]
    }

    private func push(_ push: History.Push, _ more: [String]) async throws {
        let message = Fleet.message(push.kind, push.id, game: push.game, more.joined(separator: ","))
        // As a producer does that was not answered: again, under the same id.
        try await eventually("Redis to take \(push.id)", within: .seconds(60)) {
            do {
                try await fleet.push(message)
                return true
            } catch is RedisError {
                return false
            }
        }
        log.add(push)
    }
}
