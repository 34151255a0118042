import Foundation
import JobContract
import Logging
import Redis
import Support
import Synchronization
import Testing

@testable import Runtime

/// Figures for a person: how much of what Redis has acknowledged a failover by sentinels loses, after `kill -9` of the
/// master under a steady load. A usual run has one round of one case, so that this cannot rot; `RTM_TEST_MEASURE=1` has 20
/// rounds of each.
@Suite("Writes that a failover loses", .tags(.timing), .serialized, .timeLimit(.minutes(60)))
struct LostWriteFigureTests {
    private static let rounds = FailoverFigureTests.isMeasuring ? 20 : 1

    /// A state of the line to the replica, and settings of the master.
    struct Case: Sendable, CustomTestStringConvertible {
        /// For how long the replica has received nothing when the master dies.
        var silence: Duration
        var settings: [String]

        var testDescription: String {
            let state = silence == .zero ? "follows" : "has received nothing for \(silence)"
            let demand = settings.isEmpty ? "no demand for replicas" : settings.joined(separator: " ")
            return "a replica that \(state), \(demand)"
        }
    }

    private static let one = ["--min-replicas-to-write", "1"]
    static let cases: [Case] = [
        Case(silence: .zero, settings: []), Case(silence: .zero, settings: one),
        Case(silence: .seconds(5), settings: []), Case(silence: .seconds(5), settings: one),
        Case(silence: .seconds(5), settings: one + ["--min-replicas-max-lag", "1"]),
    ]

    /// What one round came to.
    private struct Round {
        var pushes: Int
        var lostPushes: Int
        /// Results that a consumer had read.
        var results: Int
        var lostResults: Int
    }

    @Test("with and without a demand for replicas", arguments: FailoverFigureTests.isMeasuring ? cases : [cases[0]])
    func lost(_ kind: Case) async throws {
        var rounds: [Round] = []
        for _ in 0..<Self.rounds { rounds.append(try await Self.round(kind)) }
        for (what, lost, all) in [
            ("pushes", rounds.map(\.lostPushes), rounds.map(\.pushes)),
            ("results", rounds.map(\.lostResults), rounds.map(\.results)),
        ] {
            let (sorted, median) = (lost.sorted(), all.sorted()[all.count / 2])
            print(
                "lost \(what), \(kind.testDescription): median \(sorted[sorted.count / 2]), worst \(sorted.last ?? 0) of "
                    + "\(median) in \(sorted.count) rounds"
            )
        }
    }

    /// Sentinels, workers and the replica know the master by the port of the line. With the master's own port, the sentinels
    /// would let the replica follow that, beside the line.
    private static func round(_ kind: Case) async throws -> Round {
        try await PrivateRedis.with(extraArguments: ["--repl-diskless-sync-delay", "0"] + kind.settings) { master in
            try await TCPProxy.with(to: master.port) { line in
                try await PrivateRedis.with(extraArguments: ["--replicaof", "127.0.0.1", "\(line.port)"]) { replica in
                    try await eventually("the replica's connection") { line.accepted > 0 }
                    let connections = line.accepted
                    return try await PrivateSentinels.with(watching: line.port) { sentinels in
                        let configuration = try RedisConfiguration(url: sentinels.url)
                        return try await RedisClient.withClient(configuration, logger: .silent) { client in
                            let world = try await WorkerWorld.on(client, master)
                            return try await round(kind, world, replica) { line.silence(first: connections) }
                        }
                    }
                }
            }
        }
    }

    private static func round(
        _ kind: Case,
        _ world: WorkerWorld,
        _ replica: PrivateRedis,
        silence: () -> Void
    ) async throws -> Round {
        let load = SteadyLoad(world)
        var round: Round?
        try await world.withWorker { _ in
            try await world.push(.stop, "first")
            _ = try await world.result("first")
            let wait = RedisCommand("WAIT", "1", "5000")
            try #require(try await world.client.send(wait).integer == 1, "the replica does not follow")
            var pushedBefore = 0
            try await load.whileRunning {
                try await pause(.seconds(1), because: "this is the length of the load")
                if kind.silence > .zero {
                    pushedBefore = load.pushed.count
                    silence()
                    try await pause(kind.silence, because: "this is the length of the fault")
                }
                await world.redis.kill9()
            }
            let kept = try await Kept(of: load, on: replica, world.keys)
            let lost = load.pushed.subtracting(kept.pushes).count
            // Without this, the figure would say nothing: all that the replica cannot have received must count as lost, except
            // a push that was on its way.
            if kind.silence > .zero { #expect(lost >= load.pushed.count - pushedBefore - 1) }
            #expect(load.pushed.count > 20 && load.read.count > 20)
            round = Round(
                pushes: load.pushed.count,
                lostPushes: lost,
                results: load.read.count,
                lostResults: load.read.subtracting(kept.entries).count
            )
        }
        return try #require(round)
    }

    /// A producer that pushes a job every 5 ms, and a consumer that reads results.
    private final class SteadyLoad: Sendable {
        private let world: WorkerWorld
        private let isOver = Atomic(false)
        private let acknowledged = Mutex(Set<String>())
        private let entries = Mutex(Set<String>())

        init(_ world: WorkerWorld) { self.world = world }

        /// The jobs whose push was acknowledged.
        var pushed: Set<String> { acknowledged.withLock { $0 } }
        /// The ids of the entries of results that the consumer has read.
        var read: Set<String> { entries.withLock { $0 } }

        func whileRunning(_ body: () async throws -> Void) async throws {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await self.produce() }
                group.addTask { try await self.consume() }
                try await body()
                isOver.store(true, ordering: .sequentiallyConsistent)
                try await group.waitForAll()
            }
        }

        private func produce() async throws {
            let queue = RedisArgument.string(world.keys.queue("default"))
            var number = 0
            while !isOver.load(ordering: .sequentiallyConsistent) {
                number += 1
                let text = #"{"v":1,"id":"j\#(number)","kind":"stop","game_id":"g\#(number % 50)"}"#
                let push = RedisCommand("LPUSH", queue, .string(text))
                if (try? await world.client.send(push, timeout: .milliseconds(500))) != nil {
                    acknowledged.withLock { _ = $0.insert("j\(number)") }
                }
                try await pause(.milliseconds(5), because: "this is the pace of the load")
            }
        }

        private func consume() async throws {
            let connection = RedisBlockingConnection(try RedisConfiguration(url: world.redis.url), logger: .silent)
            var last = "0"
            while !isOver.load(ordering: .sequentiallyConsistent) {
                let read = RedisCommand("XREAD", "BLOCK", "100", "STREAMS", .string(world.keys.results), .string(last))
                guard let reply = try? await connection.send(read, serverTimeout: .seconds(1)) else { continue }
                let ids = (reply.array?.first?.array?.last?.array ?? []).compactMap { $0.array?.first?.string }
                entries.withLock { $0.formUnion(ids) }
                last = ids.last ?? last
            }
            await connection.close()
        }
    }

    /// What the new master has of the load.
    private struct Kept {
        /// The jobs that have ended, in the end.
        var pushes: Set<String> = []
        /// The ids of the entries of results.
        var entries: Set<String> = []

        /// Waits until the new master takes writes and all jobs on it have ended.
        init(of load: SteadyLoad, on replica: PrivateRedis, _ keys: Keyspace) async throws {
            var configuration = try RedisConfiguration(url: replica.url)
            configuration.acceptsReplica = true
            let connection = RedisBlockingConnection(configuration, logger: .silent)
            func send(_ command: RedisCommand) async throws -> RedisValue {
                try await connection.send(command, serverTimeout: .seconds(5))
            }
            let marker = RedisCommand("LPUSH", .string(keys.queue("default")), #"{"v":1,"id":"after"}"#)
            try await eventually("the new master") { (try? await send(marker)) != nil }
            try await eventually("the end of all jobs") {
                // The marker is the last message, so all others are in their lanes.
                let marked = try await send(RedisCommand("EXISTS", .string(keys.job("after")))).integer
                let lanes = try await send(RedisCommand("HLEN", .string(keys.prefix + "lanes"))).integer
                return marked == 1 && lanes == 0
            }
            for id in load.pushed {
                let state = try await send(RedisCommand("HGET", .string(keys.job(JobID(id))), "state")).string
                if state != nil { pushes.insert(id) }
            }
            let results = try await send(RedisCommand("XRANGE", .string(keys.results), "-", "+")).array ?? []
            entries = Set(results.compactMap { $0.array?.first?.string })
            await connection.close()
        }
    }
}
