import JobContract
import Logging
import Redis
import Support
import Synchronization
import Testing

@testable import Runtime

@Suite("A cluster that moves the slot of the namespace", .timeLimit(.minutes(3)))
struct SlotMoveTests {
    /// Pushes a message until the cluster takes it. A push without a reply may have happened, so an id may come twice.
    private static func push(_ world: WorkerWorld, _ kind: JobKind, _ id: JobID, game: GameID) async throws {
        try await eventually("a push of \(id)", within: .seconds(60)) {
            (try? await world.push(kind, id, game: game)) != nil
        }
    }

    /// Pushes a start, a stop and a remove of each game.
    private static func load(_ world: WorkerWorld, games: Range<Int>) async throws -> [JobID] {
        var ids: [JobID] = []
        for number in games {
            for kind in [JobKind.start, .stop, .remove] {
                let id: JobID = "\(kind.rawValue)-\(number)"
                try await push(world, kind, id, game: "g\(number)")
                ids.append(id)
            }
        }
        return ids
    }

    @Test("loses no job under load: Redis refuses each function before its first change, and workers go on")
    func underLoad() async throws {
        let record = LogRecord()
        try await PrivateCluster.with { cluster in
            try await PrivateRedis.with { unused in
                var configuration = try RedisConfiguration(url: cluster.url)
                let keys = Keyspace(namespace: "rtm")
                configuration.homeKey = keys.meta
                try await RedisClient.withClient(configuration, logger: .silent) { client in
                    let world = try await WorkerWorld.on(client, unused)
                    try await world.withWorker("w1", logger: record.logger()) { _ in
                        try await world.withWorker("w2", logger: record.logger()) { _ in
                            try await Self.move(world, cluster)
                        }
                    }
                }
            }
        }
        #expect(record.lines.contains { $0.contains("TRYAGAIN") || $0.contains("ASK") }, "no call met the move")
        #expect(!record.lines.contains { $0.contains("non local key") }, "a function ended in its middle")
    }

    private static func move(_ world: WorkerWorld, _ cluster: PrivateCluster) async throws {
        let first = try await cluster.home(of: world.keys.meta)
        let second = try #require(try await cluster.masters().first { $0.port != first.port })
        async let early = load(world, games: 0..<40)
        try await eventually("the load", until: { $0 > 10 }) { try await world.results().count }
        try await cluster.moveSlot(of: world.keys.meta, from: first, to: second) {
            try await pause(.seconds(1), because: "workers must meet a slot whose keys lie on two nodes")
        }
        let ids = try await early + load(world, games: 40..<50)
        for id in ids {
            let result = try await world.result(id, within: .seconds(60))
            // A stop supersedes the start of its game that still waits.
            #expect(result.succeeded || result.outcome == .superseded, "\(result)")
        }
        let results = try await world.results().map(\.jobID)
        #expect(results.count == ids.count && Set(results) == Set(ids))
        let window = try await world.client.send(RedisCommand("HGET", .string(world.keys.meta), "window"))
        #expect(window.string == "0")
    }
}
