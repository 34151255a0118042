import Foundation
import JobContract
import Logging
import Primitives
import Redis
import Testing

@testable import Models
@testable import Support

/// What a failover to an asynchronous replica takes, and what becomes of it. A usual run has one replica that lags;
/// `RTM_TEST_MEASURE=1` has as many as figures need.
@Suite("A failover to an asynchronous replica", .engineWorld, .serialized, .timeLimit(.minutes(20)))
struct FailoverTests {
    /// For how long the replica had received nothing when the master died, in milliseconds.
    static let lags =
        ProcessInfo.processInfo.environment["RTM_TEST_MEASURE"] == "1"
        ? [0, 0, 0, 100, 100, 100, 1_000, 1_000, 1_000] : [500]

    @Test("loses only writes that the replica had not received", arguments: lags)
    func failover(_ lag: Int) async throws {
        let settings = ["RTM_LEASE_TTL_SECONDS": "3", "RTM_LOG_LEVEL": "info"]
        try await Fleet.with(
            workers: 2,
            settings: settings,
            redisArguments: ["--repl-diskless-sync-delay", "0"],
            world: try #require(EngineWorld.current)
        ) { fleet in
            try await TCPProxy.with(to: fleet.redis.port) { line in
                try await PrivateRedis.with(extraArguments: ["--replicaof", "127.0.0.1", "\(line.port)"]) { replica in
                    try await Self.failOver(fleet, line, replica, .milliseconds(lag))
                }
            }
        }
    }

    private static func failOver(
        _ fleet: Fleet,
        _ line: TCPProxy,
        _ replica: PrivateRedis,
        _ lag: Duration
    ) async throws {
        let quiet = Logger(label: "failover") { _ in SwiftLogNoOpLogHandler() }
        var configuration = try RedisConfiguration(url: replica.url)
        configuration.acceptsReplica = true
        try await RedisClient.withClient(configuration, logger: quiet) { client in
            try await eventually(
                "the replica to follow",
                until: { $0.contains("master_link_status:up") }
            ) {
                try await client.send(RedisCommand("INFO", "replication")).string ?? ""
            }
            let log = CampaignLog()
            try await push(1...40, to: fleet, log)
            // What is pushed before the loss must not be part of it.
            #expect(try await fleet.client.send(RedisCommand("WAIT", "1", "10000")).integer == 1)
            if lag > .zero { line.silence() }
            let begin = CampaignLog.now
            let end = ContinuousClock.now.advanced(by: lag)
            var number = 40
            repeat {
                number += 1
                try await push(number...number, to: fleet, log)
            } while ContinuousClock.now < end
            let before = try await fleet.results()
            await fleet.redis.kill9()
            log.forget(since: begin)

            _ = try await client.send(RedisCommand("REPLICAOF", "NO", "ONE"))
            let kept = try await Kept(client, fleet.keys)
            // As where a name or an address moves: all reach the new master where the old one was.
            _ = try await client.send(RedisCommand("CONFIG", "SET", "port", .string("\(fleet.redis.port)")))
            try await goOn(fleet, log, kept, lostResults: before.filter { !kept.results.contains($0.jobID) }, lag)
        }
    }

    /// Starts and stops of eight games in turn.
    private static func push(_ numbers: ClosedRange<Int>, to fleet: Fleet, _ log: CampaignLog) async throws {
        for number in numbers {
            let (id, game): (JobID, GameID) = ("j\(number)", "g\(number % 8)")
            let isStart = number / 8 % 2 == 0
            let stop = Fleet.message(.stop, id, game: game, #""stop_timeout_seconds":1"#)
            try await fleet.push(isStart ? fleet.start(id, game: game) : stop)
            log.add(.init(id: id, kind: isStart ? .start : .stop, game: game, supersedes: !isStart))
            try await pause(.milliseconds(25), because: "this is the pace of the load")
        }
    }

    /// What the replica had when it became the master.
    private struct Kept {
        var results: Set<JobID>
        var pushes: Set<JobID>

        init(_ client: RedisClient, _ keys: Keyspace) async throws {
            let entries = try await client.send(RedisCommand("XRANGE", .string(keys.results), "-", "+")).array ?? []
            results = Set(
                entries.compactMap { $0.array?.last?.array }.compactMap {
                    JobResult(pairs: $0.compactMap(\.string)).jobID
                }
            )
            let waiting = try await client.send(RedisCommand("LRANGE", .string(keys.queue("default")), "0", "-1"))
            let words = (waiting.array ?? []).compactMap(\.string).compactMap {
                $0.firstMatch(of: #/"id":"(j\d+)"/#).map { JobID(String($0.1)) }
            }
            let jobs = try await client.send(RedisCommand("KEYS", .string(keys.job("*")))).array ?? []
            let admitted = jobs.compactMap(\.string).compactMap {
                $0.split(separator: ":").last.map { JobID(String($0)) }
            }
            pushes = Set(words + admitted)
        }
    }

    /// Lets the workers go on with the new master, and checks what became of it all.
    private static func goOn(
        _ fleet: Fleet,
        _ log: CampaignLog,
        _ kept: Kept,
        lostResults: [JobResult],
        _ lag: Duration
    ) async throws {
        let lostPushes = log.pushes.filter { !kept.pushes.contains($0.id) }
        for game in 0..<8 {
            let stop = Fleet.message(.stop, "last\(game)", game: "g\(game)", #""stop_timeout_seconds":1"#)
            try await eventually("the new master to take pushes", within: .seconds(20)) {
                (try? await fleet.push(stop)) != nil
            }
            log.add(.init(id: "last\(game)", kind: .stop, game: "g\(game)", supersedes: true))
        }
        var violations: [Checker.Violation] = []
        try? await eventually("an end to all violations", within: .seconds(90)) {
            var history = try await History(of: fleet, pushes: log.pushes)
            history.forgotten = log.forgotten
            violations = Checker.violations(of: history)
            return violations.isEmpty
        }
        let after = Dictionary(try await fleet.results().map { ($0.jobID, $0) }) { first, _ in first }
        // What the lost results said, and what the same jobs are told to have done in the end.
        let fates = lostResults.map { lost in
            let now = after[lost.jobID].map { "\($0.outcome?.rawValue ?? ""), \($0.effect?.rawValue ?? "")" }
            return
                "\(lost.outcome?.rawValue ?? ""), \(lost.effect?.rawValue ?? "") -> \(now ?? "the push was lost, too")"
        }
        let counted = Dictionary(fates.map { ($0, 1) }, uniquingKeysWith: +)
        print(
            """
            failover, replica \(lag) behind: of \(log.pushes.count - 8) pushes \(lostPushes.count) were lost, \
            \(lostResults.count) results: \(counted)
            """
        )
        #expect(violations.isEmpty)
    }
}
