import Redis

@testable import Models
@testable import Support

extension Campaign {
    /// With `everysec`, what was written longer ago than this is on the disk: Redis writes once a second, and lets the
    /// writes of its clients wait where that takes another.
    private static let flushed = Duration.seconds(2)

    /// Looks at the length of Redis' file, so that it is known what a power loss may take.
    func watchFile(until end: ContinuousClock.Instant) async throws {
        while ContinuousClock.now < end {
            let now = CampaignLog.now
            if let tail = fleet.redis.appendOnlyTail { log.add(tail, at: now) }
            try await pause(.milliseconds(50), because: "the length of the file is sampled")
        }
    }

    /// Makes of the dead server's file what a power loss at that moment could have left.
    func tearFile(_ random: inout SeededGenerator) throws {
        guard let tail = fleet.redis.appendOnlyTail else { return }
        switch parts.persistence {
        case .always:
            // Whatever was answered is on the disk. A part of what was about to be answered may be, too.
            guard let next = try fleet.redis.lastTransaction(of: tail), next.count > 1 else { return }
            try fleet.redis.append(next.prefix(Int.random(in: 1..<next.count, using: &random)), to: tail)
        case .everysec:
            guard let sure = log.look(before: Self.flushed) else { return }
            let least = sure.tail.url == tail.url ? sure.tail.size : 0
            guard least < tail.size else { return }
            try fleet.redis.tear(tail, to: Int.random(in: least..<tail.size, using: &random))
            log.forget(since: sure.at)
        }
    }

    /// What an operator of Redis 7.0 is told to do after each boot: else a second crash may let Redis run half a script.
    func rewriteFile() async throws {
        try await eventually("Redis to begin a new file", within: .seconds(20)) {
            (try? await command("BGREWRITEAOF")) != nil
        }
        try await eventually(
            "Redis to have a new file",
            within: .seconds(20),
            until: { $0.contains("aof_rewrite_in_progress:0") && $0.contains("aof_rewrite_scheduled:0") }
        ) {
            (try? await command("INFO", "persistence"))?.string ?? ""
        }
    }
}
