import Foundation
import JobContract
import Testing

@testable import Models
@testable import Support

/// Everything at once, on real parts. `RTM_TEST_SEED` replays a seed; `RTM_TEST_FAULT_SECONDS` makes it as long as one
/// likes.
@Suite("A random campaign of faults", .serialized, .timeLimit(.minutes(120)))
struct CampaignTests {
    private static let environment = ProcessInfo.processInfo.environment
    static let seed = environment["RTM_TEST_SEED"].flatMap { UInt64($0) } ?? UInt64.random(in: 1...999_999_999)
    static let seconds = environment["RTM_TEST_FAULT_SECONDS"].flatMap { Int($0) } ?? 75

    @Test("loses, duplicates and reorders no job, and misses no event")
    func campaign() async throws {
        print("campaign with RTM_TEST_SEED=\(Self.seed), \(Self.seconds) s")
        let settings = [
            "RTM_QUEUES": "\(Campaign.brokenQueue),default", "RTM_LEASE_TTL_SECONDS": "\(Campaign.lease)",
            "RTM_DRAIN_TIMEOUT_SECONDS": "5", "RTM_LOG_LEVEL": "info",
        ]
        let persistence = Campaign.Persistence(seed: Self.seed)
        try await PrivateDocker.with { docker in
            try await EngineWorld.with(on: docker.engine) { world in
                let healthy = "\(world.prefix)-healthy:1"
                let check = #"HEALTHCHECK --interval=1s --timeout=5s CMD ["/bin/busybox","true"]"#
                try await TestImage.make(healthy, on: world.engine, changes: [check])
                try await Fleet.with(
                    workers: 0,
                    settings: settings,
                    redisArguments: persistence.arguments,
                    world: world
                ) { fleet in
                    try await Self.withLines(to: fleet) { lines, engine in
                        let parts = Campaign.Parts(
                            fleet: fleet,
                            docker: docker,
                            lines: lines,
                            healthyImage: healthy,
                            persistence: persistence,
                            engine: engine
                        )
                        try await Self.check(Campaign(parts, games: 12))
                    }
                }
            }
        }
    }

    private static func withLines(
        to fleet: Fleet,
        _ body: ([TCPProxy], EngineProxy) async throws -> Void
    ) async throws {
        try await TCPProxy.with(to: fleet.redis.port) { first in
            try await TCPProxy.with(to: fleet.redis.port) { second in
                try await EngineProxy.with(to: fleet.world.engine.host) { try await body([first, second], $0) }
            }
        }
    }

    private static func check(_ campaign: Campaign) async throws {
        let history = try await campaign.run(seed: seed, time: .seconds(seconds))
        let violations = Checker.violations(of: history)
        let ended = Set(history.results.map(\.key))
        let lost = history.pushes.count { $0.mayBeLost && !ended.contains($0.key) }
        let outcomes = Dictionary(grouping: history.results) { $0.outcome.rawValue }.mapValues(\.count)
        print(
            """
            appendfsync \(campaign.parts.persistence.rawValue): \(history.pushes.count) jobs, \(outcomes), \
            \(history.events.count) events, \(lost) pushes lost with the file, faults: \(campaign.log.faults)
            """
        )
        for violation in violations { Issue.record("seed \(seed): \(violation)") }
        let forbidden = try await campaign.forbiddenStarts()
        for result in forbidden { Issue.record("seed \(seed): a worker ran what it does not allow: \(result.fields)") }
        if !(violations.isEmpty && forbidden.isEmpty) {
            history.keep("rtmanager-campaign-\(seed)", campaign.fleet)
        }
    }
}
