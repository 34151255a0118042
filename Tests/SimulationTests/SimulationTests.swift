import Foundation
import Synchronization
import Testing

@testable import Support

/// Many short lives of a fleet, each made of its seed: the worker as it is, over models of Redis and of the Engine, in a
/// time of its own. `RTM_TEST_SEED` replays one seed and tells what happens; `RTM_TEST_SEEDS` says how many are run, and
/// `RTM_TEST_FIRST_SEED` which is the first.
@Suite("Simulated fleets", .timeLimit(.minutes(60 * 24)))
struct SimulationTests {
    private static let environment = ProcessInfo.processInfo.environment

    private static func number(_ name: String) -> UInt64? { environment[name].flatMap { UInt64($0) } }

    /// The seeds of this run.
    private static var seeds: ClosedRange<UInt64> {
        if let seed = number("RTM_TEST_SEED") { return seed...seed }
        let first = number("RTM_TEST_FIRST_SEED") ?? 1
        return first...(first + max(1, number("RTM_TEST_SEEDS") ?? 2_000) - 1)
    }

    @Test("keep the contract for every seed")
    func contract() async {
        let begin = ContinuousClock.now
        let report = await Simulations.run(Self.seeds, isLoud: Self.seeds.count == 1)
        print("\(report.count) seeds in \(ContinuousClock.now - begin): \(report.summary)")
        for (seed, problems) in report.failures {
            Issue.record("RTM_TEST_SEED=\(seed): \(problems.joined(separator: "; "))")
        }
    }

    @Test("repeat exactly for the same seed", arguments: [1, 2, 3, 5, 8, 13, 21, 34, 55, 89] as [UInt64])
    func replay(_ seed: UInt64) async {
        let first = await Simulations.outcome(of: seed)
        let second = await Simulations.outcome(of: seed)
        #expect(first.trace == second.trace && first.steps == second.steps)
        #expect(first.history == second.history)
    }

    @Test("fail if a rule is broken on purpose", arguments: Mutation.allCases)
    func mutation(_ mutation: Mutation) async {
        let last = mutation.first + mutation.seeds - 1
        let report = await Simulations.run(mutation.first...last, mutation: mutation, most: 1)
        print(
            "\(mutation.rawValue) was found after \(report.count) seeds: \(report.failures.first?.problems.first ?? "not")"
        )
        #expect(!report.failures.isEmpty)
    }
}
