import Foundation
import JobQueue
import Testing

/// Random operations on the real scripts and on a model of them in Swift. `RTM_TEST_SEED` replays one seed;
/// `RTM_TEST_OPERATIONS` makes each run as long as one likes.
@Suite("The Lua scripts and their model", .timeLimit(.minutes(60)))
struct ModelTests {
    static let operations = ProcessInfo.processInfo.environment["RTM_TEST_OPERATIONS"].flatMap { Int($0) } ?? 15_000
    static let seeds: [UInt64] = {
        if let seed = ProcessInfo.processInfo.environment["RTM_TEST_SEED"].flatMap({ UInt64($0) }) { return [seed] }
        return (0..<4).map { _ in UInt64.random(in: 1...UInt64(UInt32.max)) }
    }()

    @Test("agree after every random operation", arguments: seeds)
    func agree(seed: UInt64) async throws {
        print("model run with RTM_TEST_SEED=\(seed), \(Self.operations) operations")
        var options = JobQueueOptions(queues: ModelRun.queueNames, lease: .seconds(36_000))
        (options.mostLive, options.keptForStops) = (14, 6)
        // Each part begins anew, so that what is compared does not grow without end.
        let part = 2_000
        var left = Self.operations
        while left > 0 {
            try await QueueWorld.with(options: options) { world in
                var run = ModelRun(world, seed: seed &+ UInt64(left))
                do {
                    try await run.begin()
                    try await run.run(operations: min(part, left))
                } catch {
                    Issue.record("seed \(seed), with \(left) operations left: \(error)")
                    left = 0
                }
            }
            left -= part
        }
    }
}
