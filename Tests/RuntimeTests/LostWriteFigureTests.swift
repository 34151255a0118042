import Foundation
import JobContract
import Logging
import Redis
import Support
import Synchronization
import Testing

/// Figures for a person: acknowledged writes that a failover by sentinels loses. Only with `RTM_TEST_MEASURE=1`.
@Suite("Writes that a failover loses", .tags(.timing), .serialized, .timeLimit(.minutes(30)))
struct LostWriteFigureTests {
    private static let rounds = 5
    private static let writers = 8

    /// What happens to the replica before the master dies.
    enum Replica: String, Sendable {
        case healthy
        /// It stands still for 5 s, and goes on when the master dies.
        case frozen = "frozen for 5 s"
    }

    /// The state that the writers share.
    private final class Load: Sendable {
        let isOver = Atomic(false)
        let acknowledged = Atomic(0)
    }

    /// A state of the replica, and settings of the master.
    static let cases: [(Replica, [String])] = [
        (.healthy, []), (.healthy, ["--min-replicas-to-write", "1"]), (.frozen, []),
        (.frozen, ["--min-replicas-to-write", "1"]),
        (.frozen, ["--min-replicas-to-write", "1", "--min-replicas-max-lag", "1"]),
    ]

    @Test("with and without a demand for replicas", arguments: cases)
    func lost(_ replica: Replica, _ settings: [String]) async throws {
        guard FailoverFigureTests.isMeasuring else { return }
        var counts: [(lost: Int, written: Int)] = []
        for _ in 0..<Self.rounds { counts.append(try await Self.round(replica, settings)) }
        let lost = counts.map(\.lost).sorted()
        let written = counts.map(\.written).sorted()[counts.count / 2]
        print(
            "lost writes, replica \(replica.rawValue), \(settings.joined(separator: " ")): median "
                + "\(lost[lost.count / 2]), worst \(lost[lost.count - 1]) of about \(written)"
        )
    }

    private static func round(_ kind: Replica, _ settings: [String]) async throws -> (lost: Int, written: Int) {
        try await PrivateRedis.withReplica(masterArguments: settings) { master, replica in
            try await PrivateSentinels.with(watching: master.port) { sentinels in
                let configuration = try RedisConfiguration(url: sentinels.url)
                return try await RedisClient.withClient(configuration, logger: .silent) { client in
                    let written = try await write(client) {
                        try await pause(.seconds(1), because: "this is the length of the load")
                        if kind == .frozen {
                            replica.suspend()
                            try await pause(.seconds(5), because: "this is the length of the fault")
                        }
                        await master.kill9()
                        replica.resume()
                    }
                    try await eventually("the new master", within: .seconds(60)) {
                        (try? await client.send(RedisCommand("SET", "after", "1"), timeout: .seconds(1))) != nil
                    }
                    let kept = try await client.send(RedisCommand("DBSIZE")).integer ?? 0
                    return (written - Int(kept) + 1, written)
                }
            }
        }
    }

    /// Writes keys until `body` ends, and returns the number of acknowledged ones.
    private static func write(_ client: RedisClient, until body: () async throws -> Void) async throws -> Int {
        let load = Load()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<writers {
                group.addTask {
                    var number = 0
                    while !load.isOver.load(ordering: .relaxed) {
                        number += 1
                        let command = RedisCommand("SET", .string("k\(writer)-\(number)"), "1")
                        let reply = try? await client.send(command, timeout: .milliseconds(200))
                        guard reply != nil else {
                            try await pause(.milliseconds(5), because: "this is the pace of refused writes")
                            continue
                        }
                        load.acknowledged.wrappingAdd(1, ordering: .relaxed)
                    }
                }
            }
            try await body()
            load.isOver.store(true, ordering: .relaxed)
            try await group.waitForAll()
        }
        return load.acknowledged.load(ordering: .relaxed)
    }
}
