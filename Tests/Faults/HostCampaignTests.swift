import Foundation
import JobContract
import Testing

@testable import Models
@testable import Support

/// Two real Docker Engines, with workers on each. `RTM_TEST_SEED` replays a seed; `RTM_TEST_FAULT_SECONDS` makes it as
/// long as one likes.
@Suite("A random campaign against hosts", .tags(.timing), .serialized, .timeLimit(.minutes(120)))
struct HostCampaignTests {
    private static let environment = ProcessInfo.processInfo.environment
    static let seed = environment["RTM_TEST_SEED"].flatMap { UInt64($0) } ?? UInt64.random(in: 1...999_999_999)
    static let seconds = environment["RTM_TEST_FAULT_SECONDS"].flatMap { Int($0) } ?? 30

    @Test("runs no game twice for long, and loses, duplicates and reorders no job")
    func campaign() async throws {
        print("host campaign with RTM_TEST_SEED=\(Self.seed), \(Self.seconds) s")
        let settings = [
            "RTM_LEASE_TTL_SECONDS": "\(HostCampaign.lease)", "RTM_NODE_GRACE_SECONDS": "30",
            "RTM_LEADER_TTL_SECONDS": "2", "RTM_DRAIN_TIMEOUT_SECONDS": "5", "RTM_LOG_LEVEL": "info",
            "RTM_SLOTS": "\(HostCampaign.slots)", "RTM_CAPACITY_MEMORY": "\(HostCampaign.memory)m",
        ]
        try await Self.withEngines { first, second in
            try await Fleet.with(
                workers: 0,
                settings: settings,
                redisArguments: [
                    "--appendonly", "yes", "--appendfsync", "always", "--aof-timestamp-enabled", "yes",
                    "--auto-aof-rewrite-percentage", "0",
                ],
                world: first.world
            ) { fleet in
                try await Self.withHost("a", first, fleet) { a in
                    try await Self.withHost("b", second, fleet) { b in
                        try await Self.check(HostCampaign(fleet, hosts: [a, b]))
                    }
                }
            }
        }
    }

    private struct HostEngine {
        let docker: PrivateDocker
        let world: EngineWorld
    }

    private static func withEngines(
        _ body: @Sendable (HostEngine, HostEngine) async throws -> Void
    ) async throws {
        try await withEngine { first in
            try await withEngine { second in
                // All hosts have the image that the jobs name.
                try await TestImage.make(first.world.image, on: second.world.engine)
                try await body(first, second)
            }
        }
    }

    private static func withEngine(_ body: (HostEngine) async throws -> Void) async throws {
        try await PrivateDocker.with(arguments: ["--live-restore"]) { docker in
            try await EngineWorld.with(on: docker.engine) { try await body(HostEngine(docker: docker, world: $0)) }
        }
    }

    private static func withHost(
        _ node: NodeID,
        _ engine: HostEngine,
        _ fleet: Fleet,
        _ body: (Host) async throws -> Void
    ) async throws {
        try await TCPProxy.with(to: fleet.redis.port) { line in
            try await body(Host(node, docker: engine.docker, world: engine.world, line: line, fleet: fleet))
        }
    }

    private static func check(_ campaign: HostCampaign) async throws {
        let history = try await campaign.run(seed: seed, time: .seconds(seconds))
        let violations = Checker.violations(of: history)
        print(summary(history, campaign.log.faults))
        for violation in violations { Issue.record("seed \(seed): \(violation)") }
        #expect(!history.hosts.losses.isEmpty && !history.hosts.runs.isEmpty)
        if !violations.isEmpty { history.keep("rtmanager-host-campaign-\(seed)", campaign.fleet) }
    }

    private static func summary(_ history: History, _ faults: [String: Int]) -> String {
        let outcomes = Dictionary(grouping: history.results) { $0.code ?? $0.outcome.rawValue }.mapValues(\.count)
        let runs = Dictionary(grouping: history.hosts.runs, by: \.game).values
        let twice = runs.map { runs in
            let sorted = runs.sorted { $0.from < $1.from }
            return zip(sorted, sorted.dropFirst()).count { $0.to > $1.from }
        }.reduce(0, +)
        return """
            \(history.pushes.count) jobs, \(outcomes), \(history.events.count) events, \(history.hosts.runs.count) \
            containers, \(history.hosts.losses.count) losses of nodes, \(twice) games on two hosts for a while, \
            \(history.hosts.reservations.count) changes of reservations, faults: \(faults)
            """
    }
}
