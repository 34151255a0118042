import DockerPort
import Foundation
import JobContract
import Redis
import Runtime
import Support
import Testing

@Suite("Figures of the comparison", .timeLimit(.minutes(10)))
struct ReconcileFigureTests {
    /// A job's time from its push to its result, with all games compared again and again, beside the same without.
    @Test("jobs go on while all running games are compared")
    func dispatch() async throws {
        let isMeasuring = ProcessInfo.processInfo.environment["RTM_TEST_MEASURE"] == "1"
        let (games, jobs, rounds) = isMeasuring ? (10_000, 200, 5) : (200, 10, 1)
        try await WorkerWorld.with { world in
            try await world.withWorker { _ in
                for number in 0..<games {
                    _ = await world.docker.addForeignContainer(WorkerWorld.spec(game: "g\(number)"))
                }
                try await eventually(within: .seconds(240), "all games to be told") {
                    try await world.length(world.keys.events) == games
                }
                var quiet: [Double] = []
                var compared: [Double] = []
                for round in 0..<rounds {
                    quiet += try await world.latencies(jobs, "quiet\(round)")
                    let bell = RedisArgument.string(world.keys.bell("w1"))
                    try await withThrowingTaskGroup(of: Void.self) { group in
                        group.addTask {
                            while !Task.isCancelled {
                                _ = try await world.client.send(RedisCommand("RPUSH", bell, "reconcile"))
                                try await Task.sleep(for: .milliseconds(500))
                            }
                        }
                        compared += try await world.latencies(jobs, "compared\(round)")
                        group.cancelAll()
                        while let outcome = await group.nextResult() { _ = outcome }
                    }
                }
                #expect(try await world.length(world.keys.events) == games)
                print(
                    "push to result with \(games) games: \(Self.words(quiet)); while compared: \(Self.words(compared))"
                )
            }
        }
    }

    private static func words(_ times: [Double]) -> String {
        let sorted = times.sorted()
        let parts = [0.5, 0.9, 0.99].map { String(format: "%.2f", sorted[Int(Double(sorted.count - 1) * $0)]) }
        return parts.joined(separator: " / ") + " ms (p50 / p90 / p99)"
    }
}

extension WorkerWorld {
    fileprivate func length(_ stream: String) async throws -> Int {
        Int(try await client.send(RedisCommand("XLEN", .string(stream))).integer ?? 0)
    }

    /// Times of stops of games that nobody runs, one after another, in ms.
    fileprivate func latencies(_ count: Int, _ name: String) async throws -> [Double] {
        var times: [Double] = []
        for number in 0..<count {
            let before = try await length(keys.results)
            let begin = ContinuousClock.now
            try await push(.stop, "\(name)-\(number)", game: "none\(number)")
            while try await length(keys.results) == before {}
            times.append(begin.duration(to: .now) / .milliseconds(1))
        }
        return times
    }
}
