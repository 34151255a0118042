import Foundation
import JobContract
import JobQueue
import QueueAdmin
import Redis
import Support
import Testing

@testable import Diagnostics

/// The names that the doctor uses, compared with a real server and with the sources. A misspelt name would make a check
/// that never fails.
@Suite("What the doctor asks Redis", .timeLimit(.minutes(1)))
struct RedisExaminationTests {
    private func examine<R: Sendable>(
        _ redis: PrivateRedis,
        _ body: (RedisExamination, RedisClient) async throws -> R
    ) async throws -> R {
        var configuration = try RedisConfiguration(url: redis.url)
        configuration.acceptsReplica = true
        return try await RedisClient.withClient(configuration, logger: .silent) { client in
            let queue = JobQueue(
                redis: client,
                keys: Keyspace(namespace: "rtm"),
                worker: WorkerIdentity(id: "doctor", node: "n1", nonce: "d"),
                options: JobQueueOptions()
            )
            return try await body(RedisExamination(queue: queue), client)
        }
    }

    @Test("are fields of INFO that a server has")
    func infoFields() async throws {
        try await PrivateRedis.with { master in
            let facts = try await examine(master) { examination, _ in try await examination.facts() }
            let ofReplicas: Set<RedisFacts.InfoField> = [.masterHost, .masterPort]
            for field in RedisFacts.InfoField.allCases where !ofReplicas.contains(field) && field != .valkeyVersion {
                #expect(facts.info[field.rawValue] != nil, "\(field.rawValue)")
            }
            try await PrivateRedis.with(extraArguments: ["--replicaof", "127.0.0.1 \(master.port)"]) { replica in
                let facts = try await examine(replica) { examination, _ in try await examination.facts() }
                for field in ofReplicas { #expect(facts.info[field.rawValue] != nil, "\(field.rawValue)") }
            }
        }
    }

    @Test("are settings that a server has")
    func settings() async throws {
        try await PrivateRedis.with { redis in
            let facts = try await examine(redis) { examination, client in
                _ = try await client.send(RedisCommand("CONFIG", "SET", "save", "60 1"))
                return try await examination.facts()
            }
            #expect(Set(facts.config.keys) == ["maxmemory-policy", "appendfsync", "aof-load-truncated", "save"])
            #expect(facts.config["save"] == "60 1")
            #expect(facts.info["_user"] == "default")
        }
    }

    @Test(
        "make a failure of each status that says that Redis could not write",
        arguments: [RedisFacts.InfoField.lastAppendStatus, .lastRewriteStatus, .lastSnapshotStatus]
    )
    func brokenDisk(field: RedisFacts.InfoField) {
        var facts = RedisFacts()
        facts.info = [field.rawValue: "err"]
        let finding = facts.findings.first { $0.check == "persistence" }
        #expect(finding?.level == .failure)
        #expect(finding?.text.contains("\(field.rawValue): err") == true)
        facts.info = [field.rawValue: "ok"]
        #expect(facts.findings.first { $0.check == "persistence" }?.level == .warning)
    }

    @Test("tell snapshots from no persistence at all")
    func snapshots() {
        var facts = RedisFacts()
        facts.config = ["save": "60 1"]
        #expect(facts.findings.first { $0.check == "persistence" }?.text.hasPrefix("snapshots only") == true)
        facts.config = ["save": ""]
        #expect(facts.findings.first { $0.check == "persistence" }?.text.hasPrefix("none") == true)
    }

    @Test("are, for the dashboard, the same facts without trials")
    func cheapFacts() async throws {
        try await PrivateRedis.with { redis in
            let (all, cheap) = try await examine(redis) { examination, client in
                let stream = RedisArgument.string("{rtm}:results")
                for _ in 0..<3 { _ = try await client.send(RedisCommand("XADD", stream, "*", "a", "1")) }
                _ = try await client.send(RedisCommand("XGROUP", "CREATE", stream, "late", "0"))
                let read = RedisCommand("XREADGROUP", "GROUP", "late", "c", "COUNT", 1, "STREAMS", stream, ">")
                _ = try await client.send(read)
                _ = try await client.send(RedisCommand("XTRIM", stream, "MAXLEN", 1))
                let all = try await examination.facts()
                return (all, try await examination.cheapFacts(all.overview))
            }
            #expect(cheap.groups.map(\.name) == ["late"])
            #expect(cheap.groups == all.groups)
            #expect(cheap.overview == all.overview)
            #expect(cheap.config == all.config)
            #expect(Set(cheap.info.keys) == Set(all.info.keys))
            #expect(cheap.findings.contains { $0.check == "consumers" && $0.level == .warning })
        }
    }
}

@Suite("The commands that the doctor tries", .timeLimit(.minutes(1)))
struct TriedCommandTests {
    /// Returns the names of the commands in the files below these folders of `Sources`.
    private func commands(_ folders: [String], _ patterns: [Regex<(Substring, Substring)>]) throws -> Set<String> {
        var names: Set<String> = []
        for folder in folders {
            let root = ContractSchemas.root.appending(path: "Sources/\(folder)")
            let files = try #require(FileManager.default.enumerator(at: root, includingPropertiesForKeys: nil))
            for case let file as URL in files where ["swift", "lua"].contains(file.pathExtension) {
                let text = try String(contentsOf: file, encoding: .utf8)
                for pattern in patterns { names.formUnion(text.matches(of: pattern).map { String($0.1) }) }
            }
        }
        return names
    }

    @Test("are all that a worker and its functions use")
    func complete() throws {
        let patterns = [#/(?:call|attempt)\('([A-Z]+)'/#, #/RedisCommand\(\s*"([A-Z]+)"/#]
        let used = try commands(["JobQueue", "QueueAdmin", "Runtime"], patterns)
        #expect(used.count > 50)
        // An operator's trial of a setting, not a worker's.
        let tried = Set(RedisPermissions.trials("k").map(\.name))
        #expect(used.subtracting(tried) == [])
    }

    @Test("leave no key, and every one of them is a command that Redis knows")
    func clean() async throws {
        try await PrivateRedis.with { redis in
            try await RedisClient.withClient(try RedisConfiguration(url: redis.url), logger: .silent) { client in
                let answers = try await client.pipeline(RedisPermissions.trials("{rtm}:doctor"))
                for case .error(let error) in answers {
                    let isHarmless = ["No functions registered", "Function not found"].contains(error.message)
                    #expect(error.code == "NOGROUP" || isHarmless, "\(error)")
                }
                #expect(try await client.send(RedisCommand("DBSIZE")).integer == 0)
            }
        }
    }
}
