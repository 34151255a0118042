import Foundation
import JobContract
import JobQueue
import Redis
import Testing

/// What jobs cost Redis. A usual run takes a short backlog, so that this cannot rot; `RTM_TEST_MEASURE=1` takes a
/// million, and its figures go into the documentation.
@Suite("Figures of the protocol", .serialized, .timeLimit(.minutes(20)))
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

    @Test("a raw job costs its bytes and little more; admitted ones are bounded by the window")
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

    @Test("no script gets slower with the length of the backlog")
    func scripts() async throws {
        var figures: [[String: Double]] = []
        for count in [1_000, Self.manyJobs] {
            try await QueueWorld.with { world in
                _ = try await fill(world, 0..<count)
                figures.append(try await time(world, rounds: 12))
            }
        }
        for name in figures[0].keys.sorted() {
            let (few, many) = (figures[0][name] ?? 0, figures[1][name] ?? 0)
            print("\(name): \(few) µs with 1,000 queued, \(many) µs with \(Self.manyJobs)")
            // Not a figure but a bound: what grows with the backlog would be a thousand times as much.
            #expect(many < few * 20 + 1_000)
        }
    }

    /// Server's time of each script, in µs per job.
    private func time(_ world: QueueWorld, rounds: Int) async throws -> [String: Double] {
        let worker = world.worker("w1")
        var spent: [String: (usec: Double, jobs: Int)] = [:]
        func measure<Value>(_ name: String, jobs: (Value) -> Int, _ body: () async throws -> Value) async throws
            -> Value
        {
            _ = try await world.client.send(RedisCommand("CONFIG", "RESETSTAT"))
            let value = try await body()
            let text = try await world.client.send(RedisCommand("INFO", "commandstats")).string ?? ""
            for line in text.split(whereSeparator: \.isNewline) where line.hasPrefix("cmdstat_eval") {
                let usec = line.split(separator: ",").first { $0.hasPrefix("usec=") }.flatMap {
                    Double($0.dropFirst(5))
                }
                spent[name, default: (0, 0)].usec += usec ?? 0
            }
            spent[name, default: (0, 0)].jobs += max(1, jobs(value))
            return value
        }
        for _ in 0..<rounds {
            _ = try await measure("peek and admit", jobs: { $0.taken }) { try await world.intake(worker) }
            let jobs = try await measure("claim", jobs: { $0.count }) { try await world.claim(worker) }
            let pairs = jobs.map { (id: $0.id, token: $0.token) }
            _ = try await measure("beat", jobs: { _ in jobs.count }) {
                try await worker.beat(pairs, engineAnswers: true)
            }
            _ = try await measure("tick", jobs: { _ in 1 }) { try await worker.tick() }
            for (index, job) in jobs.enumerated() {
                switch index % 4 {
                case 0:
                    _ = try await measure("retry", jobs: { _ in 1 }) {
                        try await worker.retry(id: job.id, token: job.token, after: .zero, code: .timeout, error: "x")
                    }
                case 1:
                    try await measure("release", jobs: { _ in 1 }) {
                        try await worker.release([(id: job.id, token: job.token)])
                    }
                default:
                    _ = try await measure("finish", jobs: { _ in 1 }) { try await world.finish(worker, job) }
                }
            }
        }
        return spent.mapValues { ($0.usec / Double($0.jobs) * 10).rounded() / 10 }
    }
}
