import Foundation
@testable import Support
import Testing

/// Everything at once, on real parts. `RTM_TEST_SEED` replays a seed; `RTM_TEST_FAULT_SECONDS` makes it as long as one
/// likes.
@Suite("A campaign of faults", .serialized, .timeLimit(.minutes(120)))
struct CampaignTests {
    private static let environment = ProcessInfo.processInfo.environment
    static let seed = environment["RTM_TEST_SEED"].flatMap { UInt64($0) } ?? UInt64.random(in: 1...999_999_999)
    static let seconds = environment["RTM_TEST_FAULT_SECONDS"].flatMap { Int($0) } ?? 60

    @Test("loses no job, doubles none, swaps none, and misses no event")
    func campaign() async throws {
        print("campaign with RTM_TEST_SEED=\(Self.seed), \(Self.seconds) s")
        let settings = [
            "RTM_LEASE_TTL_SECONDS": "\(Campaign.lease)", "RTM_DRAIN_TIMEOUT_SECONDS": "5", "RTM_LOG_LEVEL": "info",
        ]
        let persistence = ["--appendonly", "yes", "--appendfsync", "always"]
        try await PrivateDocker.with { docker in
            try await EngineWorld.with(on: docker.engine) { world in
                try await Fleet.with(
                    workers: Campaign.workers,
                    settings: settings,
                    redisArguments: persistence,
                    world: world
                ) { fleet in
                    let campaign = Campaign(fleet, docker)
                    let history = try await campaign.run(seed: Self.seed, games: 12, time: .seconds(Self.seconds))
                    let violations = Checker.violations(of: history)
                    print("\(campaign.jobsPushed) jobs, \(history.events.count) events, faults: \(campaign.faultsDone)")
                    for violation in violations { Issue.record("seed \(Self.seed): \(violation)") }
                    if !violations.isEmpty { Self.keep(history, fleet) }
                }
            }
        }
    }

    /// Leaves what a person needs to find out why, and says where.
    private static func keep(_ history: History, _ fleet: Fleet) {
        let path = FileManager.default.temporaryDirectory.path + "/rtmanager-campaign-\(seed).txt"
        var lines = history.pushes.map { "push \($0)" }
        lines += history.results.map { "result \($0)" }
        lines += history.events.map { "event \($0)" }
        lines += history.running.map { "running \($0)" }
        lines += fleet.workers.map { "--- worker \($0.process.pid)\n\($0.process.log)" }
        try? lines.joined(separator: "\n").write(toFile: path, atomically: true, encoding: .utf8)
        print("the whole history: \(path)")
    }
}
