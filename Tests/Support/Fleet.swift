import Foundation
import JobContract
import JobQueue
import Logging
import Primitives
import Redis
import Synchronization

/// Workers in processes of their own, on a private Redis and a real Engine: what a deployment is.
///
/// Nothing of it meets another fleet: namespace, names of containers and state folders are its own.
package final class Fleet: Sendable {
    package let redis: PrivateRedis
    package let world: EngineWorld
    package let client: RedisClient
    package let keys: Keyspace
    /// `RTM_NAME_PREFIX`: begins the names of its containers.
    package let namePrefix: String
    /// `RTM_STATE_ROOT`
    package var stateRoot: String { directory + "/state" }
    private let directory: String
    private let redisURL: String
    private let settings: [String: String]
    private let started = Mutex<[WorkerProcess]>([])

    private init(
        _ world: EngineWorld,
        _ redis: PrivateRedis,
        _ redisURL: String,
        _ client: RedisClient,
        _ keys: Keyspace,
        _ settings: [String: String]
    ) throws {
        self.world = world
        self.redis = redis
        self.redisURL = redisURL
        self.client = client
        self.settings = settings
        self.keys = keys
        namePrefix = "\(world.prefix)-\(keys.namespace.dropFirst("e2e-".count))-"
        directory = try temporaryDirectory("fleet")
    }

    /// Runs `body` with `workers` workers, and takes everything down in the end.
    ///
    /// - Parameters:
    ///   - settings: of every worker, over those that keep the fleet apart.
    ///   - redisLauncher: begins the command line of Redis, such as `env` with variables.
    ///   - url: the way to another Redis than the fleet's own: by sentinels, or a cluster.
    package static func with(
        workers: Int = 1,
        settings: [String: String] = [:],
        redisArguments: [String] = [],
        redisLauncher: [String] = [],
        url: String? = nil,
        world: EngineWorld,
        _ body: @Sendable (Fleet) async throws -> Void
    ) async throws {
        let logger = Logger(label: "fleet") { _ in SwiftLogNoOpLogHandler() }
        try await PrivateRedis.with(extraArguments: redisArguments, launcher: redisLauncher) { redis in
            let keys = Keyspace(namespace: "e2e-\(UUID().uuidString.prefix(6).lowercased())")
            var configuration = try RedisConfiguration(url: url ?? redis.url)
            configuration.homeKey = keys.meta
            try await RedisClient.withClient(configuration, logger: logger) { client in
                let fleet = try Fleet(world, redis, url ?? redis.url, client, keys, settings)
                do {
                    for _ in 0..<workers { try await fleet.startWorker() }
                    try await ProcessLogs.withFailures { try await body(fleet) }
                    try await fleet.checkContract()
                } catch {
                    // Its processes and their logs are gone before anyone reads the error.
                    let complete = ProcessLogs.completed(error)
                    await fleet.takeDown()
                    throw complete
                }
                await fleet.takeDown()
            }
        }
    }

    /// What every command of the program needs to belong to this fleet.
    package var environment: [String: String] {
        let own = [
            "DOCKER_HOST": world.engine.host, "RTM_REDIS_URL": redisURL, "RTM_NAMESPACE": keys.namespace,
            "RTM_NETWORK": world.network, "RTM_NAME_PREFIX": namePrefix, "RTM_STATE_ROOT": stateRoot,
            "RTM_LOG_LEVEL": "debug", "RTM_HTTP": "",
        ]
        return own.merging(settings) { $1 }
    }

    package var workers: [WorkerProcess] { started.withLock { $0 } }

    @discardableResult
    package func startWorker(
        _ more: [String: String] = [:],
        on host: [String] = [],
        program: String? = nil,
        untilReady: Bool = true
    ) async throws -> WorkerProcess {
        let number = workers.count
        let worker = try await WorkerProcess.start(
            on: host,
            program: program,
            environment: environment.merging(more) { $1 },
            logPath: "\(directory)/worker-\(number).log",
            untilReady: untilReady
        )
        started.withLock { $0.append(worker) }
        return worker
    }

    package func run(_ arguments: String..., settings: [String: String] = [:]) async throws -> ProgramOutput {
        try await Program.run(arguments, environment: environment.merging(settings) { $1 })
    }

    /// Fails where anything that the workers have published breaks the schemas of the contract. A test that leaves its
    /// Redis out of reach has nothing to look at.
    private func checkContract() async throws {
        guard (try? await client.send(RedisCommand("PING"), timeout: .seconds(1))) != nil else { return }
        let problems = try await ContractSchemas.problems(of: keys, on: client)
        guard problems.isEmpty else {
            throw Overdue("these break the contract: \(problems.prefix(5).joined(separator: "\n"))")
        }
    }

    private func takeDown() async {
        for worker in workers {
            worker.process.signal(SIGKILL)
            _ = await worker.process.waitForExit()
        }
        do {
            try await removeContainers()
        } catch {
            // The world's end removes what begins with its prefix; it says so where it cannot.
        }
        try? FileManager.default.removeItem(atPath: directory)
    }

    private func removeContainers() async throws {
        let ids = try await containers(all: true)
        guard !ids.isEmpty else { return }
        try await Tool.run(["docker", "--host", world.engine.host, "rm", "--force"] + ids.map(\.text))
    }
}

extension Fleet {
    /// Ids of the containers whose names begin as this fleet's do.
    package func containers(all: Bool = true) async throws -> [ContainerID] {
        let text = try await Tool.run(
            ["docker", "--host", world.engine.host, "ps", "--quiet", "--no-trunc", "--filter", "name=^/\(namePrefix)"]
                + (all ? ["--all"] : [])
        )
        return text.split(separator: "\n").map { ContainerID(String($0)) }
    }

    package func containerName(_ game: GameID) -> String { namePrefix + game.text }

    /// Name of the node that the workers serve: the Engine's id.
    package func node() async throws -> NodeID {
        NodeID(
            try await world.engine.docker("info", "--format", "{{.ID}}").trimmingCharacters(in: .whitespacesAndNewlines)
        )
    }

    /// The worker that runs the job, once one does.
    package func runner(of job: JobID, within limit: Duration = patience) async throws -> WorkerProcess {
        let runs: ([String?]) -> WorkerProcess? = { fields in
            guard fields.count == 2, fields[0] == "running", let lease = fields[1],
                let id = JobRecord.named([JobRecord.lease: lease])["_worker"]
            else { return nil }
            return self.workers.first { $0.isWorker(id) }
        }
        let command = RedisCommand("HMGET", .string(keys.job(job)), "state", .string(JobRecord.lease))
        let fields = try await eventually("job \(job) to run", within: limit, until: { runs($0) != nil }) {
            try await client.send(command).array?.map(\.string) ?? []
        }
        guard let worker = runs(fields) else { throw Overdue("nobody runs \(job)") }
        return worker
    }
}
