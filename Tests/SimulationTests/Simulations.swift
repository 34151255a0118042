import Foundation
import JobContract
import Primitives
import Synchronization

@testable import Models
@testable import Support

/// Runs simulations on threads of their own, and collects what came of them.
enum Simulations {
    struct Report: Sendable {
        var count = 0
        var failures: [(seed: UInt64, problems: [String])] = []
        var jobs = 0
        var events = 0
        var steps = 0
        var seconds = 0.0

        var summary: String { "\(jobs) results, \(events) events, \(steps) steps, \(Int(seconds)) simulated seconds" }

        mutating func add(_ seed: UInt64, _ outcome: World.Outcome) {
            count += 1
            jobs += outcome.history.results.count
            events += outcome.history.events.count
            steps += outcome.steps
            seconds += outcome.seconds
            if !outcome.problems.isEmpty { failures.append((seed, outcome.problems)) }
        }
    }

    /// How many run at once, each on one thread.
    private static let threads = 2

    /// - Parameter most: failures after which it ends.
    static func run(
        _ seeds: ClosedRange<UInt64>,
        mutation: Mutation? = nil,
        most: Int = 10,
        isLoud: Bool = false
    ) async -> Report {
        let bench = Bench(seeds)
        let work: @Sendable () -> Void = {
            while bench.report.withLock({ $0.failures.count < most }), let seed = bench.next() {
                let outcome = World(Scenario(seed: seed), mutation: mutation, isLoud: isLoud).run()
                bench.report.withLock { $0.add(seed, outcome) }
                if isLoud { tell(outcome.history) }
                // At once: a run may be long.
                if !outcome.problems.isEmpty, mutation == nil { print("RTM_TEST_SEED=\(seed): \(outcome.problems)") }
            }
        }
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<threads { group.addTask { await onThread(work) } }
        }
        return bench.report.withLock { $0 }
    }

    private static func tell(_ history: History) {
        for push in history.pushes { print("push \(push)") }
        for result in history.results { print("result \(result)") }
        for event in history.events {
            print(
                "event \(event.kind.rawValue) of \(event.containerID.text.suffix(6)) (\(event.game)) on \(event.node)"
            )
        }
        for (container, game) in history.running { print("running \(container.text.suffix(6)) (\(game))") }
    }

    static func outcome(of seed: UInt64) async -> World.Outcome {
        let world = World(Scenario(seed: seed))
        return await withCheckedContinuation { continuation in
            Thread.detachNewThread { continuation.resume(returning: world.run()) }
        }
    }

    /// Seeds that are still to be run, and what came of the others.
    private final class Bench: Sendable {
        let report = Mutex(Report())
        private let seeds: ClosedRange<UInt64>
        private let taken = Mutex<UInt64>(0)

        init(_ seeds: ClosedRange<UInt64>) { self.seeds = seeds }

        func next() -> UInt64? {
            let seed =
                seeds.lowerBound
                + taken.withLock { taken in
                    defer { taken += 1 }
                    return taken
                }
            return seeds.contains(seed) ? seed : nil
        }
    }

    /// On a thread that may be blocked: the tasks of a simulation run on it and nowhere else.
    private static func onThread(_ body: @Sendable @escaping () -> Void) async {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                body()
                continuation.resume()
            }
        }
    }
}
