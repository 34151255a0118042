import JobContract
import QueueAdmin
import Redis
import Support
import Testing

@testable import JobQueue

@Suite("The figures of a minute", .timeLimit(.minutes(1)))
struct MinuteTests {
    @Test("are kept once, by whichever worker is first")
    func once() async throws {
        try await QueueWorld.with { world in
            let queue = world.worker("w1")
            let now = try await queue.redisTime()
            let minute = now / 60_000 - 1
            // The results of the last minute, and one of the minute before.
            for (place, outcome) in [(0, "succeeded"), (1, "failed"), (2, "succeeded")] {
                let id = "\(minute * 60_000 + Int64(place) * 1_000 - (place == 0 ? 1 : 0))-0"
                let fields: [RedisArgument] = ["v", "1", "outcome", .string(outcome), "job_id", "j"]
                _ = try await world.client.send(
                    RedisCommand("XADD", arguments: [.string(world.keys.results), .string(id)] + fields)
                )
            }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<5 { group.addTask { try await queue.keepLastMinute() } }
                try await group.waitForAll()
            }
            let history = try await queue.minuteHistory()
            // The minute may have ended meanwhile.
            try #require(history.minutes.count == 1, "\(history)")
            let figures = history.minutes[0]
            guard figures.minute == minute else { return }
            #expect(figures.finished == 2 && figures.failed == 1 && figures.waitMost == nil)
        }
    }
}

@Suite("The audit of the console", .timeLimit(.minutes(1)))
struct AuditTests {
    @Test("keeps who did what, the newest first, and cuts long texts")
    func entries() async throws {
        try await QueueWorld.with { world in
            let queue = world.worker("w1")
            for number in 1...3 {
                let target = String(repeating: "ä", count: number == 3 ? 5_000 : 1)
                let entry = AuditEntry(
                    who: "p\(number)",
                    address: "::1",
                    worker: "w",
                    action: "stop",
                    target: target,
                    outcome: "done"
                )
                try await queue.record(entry)
            }
            let entries = try await queue.auditEntries(limit: 2)
            #expect(entries.map(\.who) == ["p3", "p2"])
            #expect(entries[0].target.utf8.count == 2_000 && entries[0].at > 0 && entries[0].worker == "w")
            let older = try await queue.auditEntries(limit: 2, part: .before(entries[1].entry))
            #expect(older.map(\.who) == ["p1"])
            #expect(try await queue.auditEntries(limit: 1, part: .after(older[0].entry)).map(\.who) == ["p2"])
            #expect(try await queue.auditEntries(limit: 9, part: .after(older[0].entry)).map(\.who) == ["p3", "p2"])
        }
    }
}
