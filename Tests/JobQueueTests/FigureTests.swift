import Foundation
import JobContract
import JobQueue
import Redis
import Support
import Testing

/// What jobs cost Redis in memory; its time is in `Benchmarks`. A usual run takes a short backlog, so that this cannot
/// rot; `RTM_TEST_MEASURE=1` takes a million, and its figures go into the documentation.
@Suite("Memory in Redis for each job", .tags(.timing), .serialized, .timeLimit(.minutes(20)))
struct FigureTests {
    static let isMeasuring = ProcessInfo.processInfo.environment["RTM_TEST_MEASURE"] == "1"
    static let manyJobs = isMeasuring ? 1_000_000 : 20_000

    private func memory(_ world: QueueWorld) async throws -> Int {
        let text = try await world.client.send(RedisCommand("INFO", "memory")).string ?? ""
        let line = text.split(whereSeparator: \.isNewline).first { $0.hasPrefix("used_memory:") }
        return line.flatMap { Int($0.dropFirst("used_memory:".count)) } ?? 0
    }

    /// Pushes `count` starts, each of another game.
    private func fill(_ world: QueueWorld, _ range: Range<Int>) async throws -> Int {
        var bytes = 0
        for start in stride(from: range.lowerBound, to: range.upperBound, by: 500) {
            let messages = (start..<min(start + 500, range.upperBound)).map {
                QueueWorld.message(
                    .start,
                    "job-\($0)",
                    game: "game-\($0)",
                    more: #","env":{"MODE":"ranked","MAP":"7"}"#
                )
            }
            bytes += messages.reduce(0) { $0 + $1.utf8.count }
            let arguments =
                [RedisArgument.string(world.keys.queue("default"))] + messages.map { RedisArgument.string($0) }
            _ = try await world.client.send(RedisCommand("LPUSH", arguments: arguments))
        }
        return bytes
    }

    @Test("a queued job costs little more than its bytes; the window bounds admitted jobs")
    func bytes() async throws {
        try await QueueWorld.with { world in
            let worker = world.worker("w1")
            let empty = try await memory(world)
            let bytes = try await fill(world, 0..<Self.manyJobs)
            let raw = try await memory(world) - empty
            print("raw: \(raw / Self.manyJobs) bytes a job, \(bytes / Self.manyJobs) of them the message's own")
            #expect(Double(raw) < Double(bytes) * 1.3)
            let admitted = 5_000
            var taken = 0
            let before = try await memory(world)
            while taken < admitted { taken += try await world.intake(worker).taken }
            let difference = try await memory(world) - before
            print("admitted: \(difference / taken + raw / Self.manyJobs) bytes a job")
        }
    }
}
