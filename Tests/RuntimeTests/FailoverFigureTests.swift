import Foundation
import JobContract
import Logging
import Redis
import Support
import Testing

@testable import Runtime

/// Figures for a person: the time from the end of a master to the first result of a worker at the new one. A usual run
/// has one round of the quickest case, so that this cannot rot; `RTM_TEST_MEASURE=1` has 20 rounds of each.
@Suite("The time of a failover", .tags(.timing), .serialized, .timeLimit(.minutes(30)))
struct FailoverFigureTests {
    static let isMeasuring = ProcessInfo.processInfo.environment["RTM_TEST_MEASURE"] == "1"
    private static let rounds = isMeasuring ? 20 : 1

    /// Two parts of the time from the fault to the result.
    private struct Times {
        /// From the fault to the first write that the new master takes.
        var server: Duration
        /// From that write, a job, to its result.
        var worker: Duration
    }

    @Test("by sentinels, by order")
    func sentinelOrder() async throws {
        try await measure("sentinels, by order") { try await Self.bySentinels(killing: false) }
    }

    @Test("by sentinels, after kill -9 of the master")
    func sentinelKill() async throws {
        guard Self.isMeasuring else { return }
        try await measure("sentinels, kill -9") { try await Self.bySentinels(killing: true) }
    }

    @Test("of a cluster, by order")
    func clusterOrder() async throws {
        guard Self.isMeasuring else { return }
        try await measure("cluster, by order") { try await Self.ofCluster(killing: false) }
    }

    @Test("of a cluster, after kill -9 of the master")
    func clusterKill() async throws {
        guard Self.isMeasuring else { return }
        try await measure("cluster, kill -9") { try await Self.ofCluster(killing: true) }
    }

    private func measure(_ what: String, _ round: () async throws -> Times) async throws {
        var times: [Times] = []
        for _ in 0..<Self.rounds { times.append(try await round()) }
        for (part, values) in [("server", times.map(\.server)), ("worker", times.map(\.worker))] {
            let sorted = values.map { $0 / .milliseconds(1) }.sorted()
            let (median, worst) = (sorted[sorted.count / 2], sorted[sorted.count - 1])
            let figures = String(format: "median %.0f ms, worst %.0f ms", median, worst)
            print("failover, \(what), \(part): \(figures) of \(sorted.count)")
        }
    }

    private static func bySentinels(killing: Bool) async throws -> Times {
        try await PrivateRedis.withReplica { master, replica in
            try await PrivateSentinels.with(watching: master.port) { sentinels in
                try await withWorker(try RedisConfiguration(url: sentinels.url), master) { world in
                    try await untilReplicated(world)
                    if killing { await master.kill9() } else { try await sentinels.failOver() }
                    return try await times(world, replica)
                }
            }
        }
    }

    private static func ofCluster(killing: Bool) async throws -> Times {
        try await PrivateCluster.with { cluster in
            let keys = Keyspace(namespace: "rtm")
            let master = try await cluster.home(of: keys.meta)
            guard let replica = try await cluster.replicas(of: master).first else { throw Overdue("no replica") }
            var configuration = try RedisConfiguration(url: cluster.url)
            configuration.homeKey = keys.meta
            return try await withWorker(configuration, master) { world in
                try await untilReplicated(world)
                if killing {
                    await master.kill9()
                } else {
                    try await cluster.cli(replica, "CLUSTER", "FAILOVER")
                }
                return try await times(world, replica)
            }
        }
    }

    /// Runs `body` with a worker that has ended a job, so that stops of unknown games end at once.
    private static func withWorker(
        _ configuration: RedisConfiguration,
        _ master: PrivateRedis,
        _ body: (WorkerWorld) async throws -> Times
    ) async throws -> Times {
        try await RedisClient.withClient(configuration, logger: .silent) { client in
            let world = try await WorkerWorld.on(client, master)
            var times: Times?
            try await world.withWorker { _ in
                try await world.push(.stop, "first")
                _ = try await world.result("first")
                times = try await body(world)
            }
            guard let times else { throw Overdue("nothing was measured") }
            return times
        }
    }

    private static func untilReplicated(_ world: WorkerWorld) async throws {
        let count = try await world.client.send(RedisCommand("WAIT", "1", "5000")).integer
        guard count == 1 else { throw Overdue("the replica has not received the writes") }
    }

    /// Pushes a job to the new master as soon as it takes writes, and waits for its result. Reads by a connection of its
    /// own, because the client of the worker is what is measured.
    private static func times(_ world: WorkerWorld, _ replica: PrivateRedis) async throws -> Times {
        let begin = ContinuousClock.now
        var configuration = try RedisConfiguration(url: replica.url)
        configuration.acceptsReplica = true
        let connection = RedisBlockingConnection(configuration, logger: .silent)
        let message = #"{"v":1,"id":"after","kind":"stop","game_id":"g9"}"#
        let push = RedisCommand("LPUSH", .string(world.keys.queue("default")), .string(message))
        try await eventually("the new master", within: .seconds(60), every: .milliseconds(2)) {
            (try? await connection.send(push, serverTimeout: .seconds(2))) != nil
        }
        let served = ContinuousClock.now
        let last = RedisCommand("XREVRANGE", .string(world.keys.results), "+", "-", "COUNT", 1)
        try await eventually("the result", within: .seconds(60), every: .milliseconds(2)) {
            let entry = try await connection.send(last, serverTimeout: .seconds(2)).array?.first?.array?.last?.array
            return JobResult(pairs: (entry ?? []).map { $0.string ?? "" }).jobID == "after"
        }
        let end = ContinuousClock.now
        await connection.close()
        return Times(server: begin.duration(to: served), worker: served.duration(to: end))
    }
}
