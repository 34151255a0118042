import Commands
import JobContract
import Logging
import Primitives
import Redis
import Settings
import Terminal

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The common stage of all scenarios: a private Redis, a directory, and workers with both.
struct BenchStage: Sendable {
    /// The prefix of the bench's namespaces.
    static let namespacePrefix = "bench-"

    let options: BenchOptions
    let settings: Settings
    /// The directory for sockets, logs and state folders. The bench removes the directory at the end.
    let directory: String
    let configuration: RedisConfiguration
    let redis: BenchRedis
    let logger: Logger

    /// Runs `body` on a new stage, then removes the stage.
    static func with(
        _ options: BenchOptions,
        _ settings: Settings,
        _ logger: Logger,
        _ body: (BenchStage) async throws -> Void
    ) async throws {
        let tag = String(UInt32.random(in: .min ... .max), radix: 36)
        let directory = "\(FileManager.default.temporaryDirectory.path)/rtmanager-bench-\(tag)"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try await Program.withRedis(for: "bench", in: directory, logger: logger) { configuration in
            try await RedisClient.withClient(configuration, logger: logger) { client in
                let stage = BenchStage(
                    options: options,
                    settings: settings,
                    directory: directory,
                    configuration: configuration,
                    redis: BenchRedis(client: client, namespace: namespacePrefix + tag),
                    logger: logger
                )
                try await body(stage)
            }
        }
    }

    /// Returns the settings of each worker. The settings in `more` take precedence.
    func environment(_ more: [String: String] = [:]) -> [String: String] {
        [
            "RTM_REDIS_URL": "unix://\(directory)/redis.sock", "RTM_REDIS_PASSWORD_FILE": "",
            "RTM_NAMESPACE": redis.keys.namespace, "RTM_HTTP": "",
            "RTM_LOG_LEVEL": "warning", "RTM_STATE_ROOT": "\(directory)/games",
        ].merging(more) { _, given in given }
    }

    var workerLog: String { "\(directory)/worker.log" }

    /// Runs `body` beside a worker with an in-memory Docker Engine. Without `arguments`, this Docker Engine answers at
    /// once.
    func withWorker<R: Sendable>(
        _ more: [String: String] = [:],
        _ arguments: [String] = [],
        _ body: () async throws -> R
    ) async throws -> R {
        try await Program.with(
            [try Program.ownPath(), "worker"] + arguments,
            environment: environment(more),
            log: workerLog,
            body
        )
    }

    /// Waits until the worker has ended a job. Returns the worker's process id.
    func settledWorker() async throws -> Int {
        try await awaitReadiness("the worker", log: workerLog) { (try? await redis.workerPID()) ?? nil != nil }
        // Stops in a new namespace wait for nodes that may still come.
        let before = try await redis.results()
        try await redis.push(0..<1, prefix: "first")
        try await awaitReadiness("the first result", log: workerLog) { (try? await redis.results()) == before + 1 }
        guard let pid = try await redis.workerPID() else { throw CommandError.failed("the worker has ended") }
        return pid
    }

    /// Returns the worker that leads `node`; nil: there is no leader.
    func leader(of node: NodeID) async throws -> String? {
        let client = redis.client
        let key = RedisArgument.string(redis.keys.leader(node))
        let fields = try await client.send(RedisCommand("HMGET", key, "holder", "epoch")).array ?? []
        guard fields.count == 2, let holder = fields[0].string, let epoch = fields[1].integer else { return nil }
        let term = RedisArgument.string(redis.keys.term(node, epoch: epoch))
        guard try await client.send(RedisCommand("EXISTS", term)).integer == 1 else { return nil }
        return holder
    }

    func reader() -> RedisBlockingConnection { RedisBlockingConnection(configuration, logger: logger) }
}

extension Timestamp {
    func milliseconds(since other: Timestamp) -> Double {
        Double(nanosecondsSinceEpoch - other.nanosecondsSinceEpoch) / 1_000_000
    }
}
