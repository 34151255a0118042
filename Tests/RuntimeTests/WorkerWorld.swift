import DockerPort
import JobContract
import JobQueue
import Logging
import Primitives
import Redis
import Runtime
import RuntimeCore
import ServiceLifecycle
import Support

/// Workers over a fake Engine and a real Redis.
struct WorkerWorld: Sendable {
    let redis: PrivateRedis
    let client: RedisClient
    let docker: FakeDocker
    let keys = Keyspace(namespace: "rtm")
    let lease: Duration
    let stateRoot: String

    static func with(
        lease: Duration = .seconds(10),
        _ body: @Sendable (WorkerWorld) async throws -> Void
    ) async throws {
        let docker = await engine()
        let stateRoot = try temporaryDirectory("state")
        try await PrivateRedis.with { redis in
            try await RedisClient.withClient(try RedisConfiguration(url: redis.unixURL), logger: .silent) { client in
                try await body(
                    WorkerWorld(redis: redis, client: client, docker: docker, lease: lease, stateRoot: stateRoot)
                )
            }
        }
    }

    /// A world on another Redis than the private one, such as a cluster.
    static func on(
        _ client: RedisClient,
        _ redis: PrivateRedis,
        lease: Duration = .seconds(10)
    ) async throws -> WorkerWorld {
        WorkerWorld(
            redis: redis,
            client: client,
            docker: await engine(),
            lease: lease,
            stateRoot: try temporaryDirectory("state")
        )
    }

    /// Runs a worker for the time of `body`, and lets it end gracefully.
    func withWorker(
        _ name: String = "w1",
        node nodeID: NodeID = "n1",
        drain: Duration = .seconds(5),
        retries: RetryPolicy = RetryPolicy(base: .milliseconds(10)),
        startSettle: Duration = .zero,
        janitor: JanitorMode = .off,
        queues: [String] = ["default"],
        nodeGrace: Duration = .seconds(300),
        stopsWhenCutOff: Bool = false,
        ports: ClosedRange<Int>? = nil,
        policy: (inout NodeSettings) -> Void = { _ in },
        logger: Logger = .silent,
        _ body: (Worker) async throws -> Void
    ) async throws {
        let queue = JobQueue(
            redis: client,
            keys: keys,
            worker: WorkerIdentity(id: name, node: nodeID, nonce: name),
            options: JobQueueOptions(
                queues: queues,
                lease: lease,
                nodeGrace: nodeGrace,
                capacity: NodeCapacity(ports: ports)
            )
        )
        var node = NodeSettings(stateRoot: stateRoot)
        policy(&node)
        let worker = Worker(
            queue: queue,
            docker: docker,
            decoder: JobDecoder(),
            configuration: WorkerConfiguration(
                node: node,
                concurrency: 4,
                drainTimeout: drain,
                retries: retries,
                startSettle: startSettle,
                janitor: janitor,
                janitorGrace: .seconds(1),
                stopsWhenCutOff: stopsWhenCutOff
            ),
            redis: client,
            logger: logger
        )
        let group = ServiceGroup(
            configuration: .init(
                services: [.init(service: worker, successTerminationBehavior: .gracefullyShutdownGroup)],
                logger: .silent
            )
        )
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            do {
                try await body(worker)
            } catch {
                await group.triggerGracefulShutdown()
                throw error
            }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }

    func push(_ message: String) async throws {
        _ = try await client.send(RedisCommand("LPUSH", .string(keys.queue("default")), .string(message)))
    }

    func push(_ kind: JobKind, _ id: JobID, game: GameID = "g1", more: String = "") async throws {
        let image = kind == .start ? #","image":"engine:1""# : ""
        try await push(#"{"v":1,"id":"\#(id)","kind":"\#(kind.rawValue)","game_id":"\#(game)"\#(image)\#(more)}"#)
    }

    /// The result of a job, waited for.
    func result(_ id: JobID, within limit: Duration = .seconds(20)) async throws -> JobResult {
        let found = try await eventually(
            "the result of \(id)",
            within: limit,
            until: { $0.contains { $0.jobID == id } }
        ) {
            try await results()
        }
        guard let result = found.first(where: { $0.jobID == id }) else { throw Overdue("no result of \(id)") }
        return result
    }

    func results() async throws -> [JobResult] { try await entries(keys.results).map { JobResult(pairs: $0) } }

    func events() async throws -> [[String: String]] {
        try await entries(keys.events).map { JobResult(pairs: $0).fields }
    }

    private func entries(_ stream: String) async throws -> [[String]] {
        let answer = try await client.send(RedisCommand("XRANGE", .string(stream), "-", "+")).array ?? []
        return answer.compactMap { $0.array?.last?.array?.map { $0.string ?? "" } }
    }

    func state(_ id: JobID) async throws -> String? {
        try await client.send(RedisCommand("HGET", .string(keys.job(id)), "state")).string
    }

    /// Whether a worker is blocked at an empty queue.
    func isWaitingForJobs() async throws -> Bool { try await waitingCount() > 0 }

    /// The id of a connection that is blocked at an empty queue.
    func waiter() async throws -> Substring? { try await waiters().first?.prefix { $0 != " " } }

    /// How many connections are blocked at an empty queue.
    func waitingCount() async throws -> Int { try await waiters().count }

    /// The lines of `CLIENT LIST` of connections that are blocked at an empty queue.
    private func waiters() async throws -> [Substring] {
        let clients = try await client.send(RedisCommand("CLIENT", "LIST")).string ?? ""
        return clients.split(separator: "\n")
            .filter { $0.contains("name=rtmanager-wake") && $0.contains("flags=b") }
    }

    /// The same fleet, as workers see it whose node has an Engine of its own.
    func onAnotherEngine() async throws -> WorkerWorld {
        WorkerWorld(redis: redis, client: client, docker: await Self.engine(), lease: lease, stateRoot: stateRoot)
    }

    /// A Docker Engine with the network and the image of the jobs.
    private static func engine() async -> FakeDocker {
        let docker = FakeDocker()
        await docker.addNetwork("galaxy-net")
        await docker.addImage(FakeDocker.Image("engine:1"))
        return docker
    }

    /// How often Redis has been asked for a command.
    func calls(of command: String) async throws -> Int {
        let text = try await client.send(RedisCommand("INFO", "commandstats")).string ?? ""
        let line = text.split(whereSeparator: \.isNewline).first { $0.hasPrefix("cmdstat_\(command):calls=") }
        return line.flatMap { Int($0.split(separator: "=")[1].prefix { $0.isNumber }) } ?? 0
    }

    /// A start that three workers died of, the first of them when the container ran.
    func poison(_ id: JobID, more: String = "") async throws {
        let queue = JobQueue(
            redis: client,
            keys: keys,
            worker: WorkerIdentity(id: "dead", node: "n1", nonce: "dead"),
            options: JobQueueOptions(lease: .milliseconds(20))
        )
        try await push(.start, id, more: more)
        let decoder = JobDecoder()
        try await queue.announce([])
        _ = try await queue.intake(queue: "default") { decoder.decode($0) }
        for _ in 0..<3 {
            let claimed = try await queue.claim(Capacity(starts: 1, stops: 0)).jobs
            guard let message = claimed.first?.message, case .job(let job) = decoder.decode(message) else {
                throw Overdue("\(id) was not claimed")
            }
            if await docker.containersByName.isEmpty {
                let allowed = try Policy(NodeSettings(stateRoot: stateRoot)).allow(job)
                let image = try await docker.inspectImage("engine:1")
                _ = try await docker.run(try allowed.spec(on: image))
            }
            try await eventually("the lease to be over", until: { $0.leasesReclaimed == 1 }) { try await queue.sweep() }
        }
    }

    /// Whether the game holds room on the node.
    func holdsRoom(_ game: GameID) async throws -> Bool {
        try await client.send(RedisCommand("HEXISTS", "{rtm}:reservations:n1", .string(game.text))).integer == 1
    }

    func attempts(_ id: JobID) async throws -> Int? {
        let lease = try await client.send(RedisCommand("HGET", .string(keys.job(id)), .string(JobRecord.lease)))
        return lease.string.flatMap { JobRecord.named([JobRecord.lease: $0])["_attempts"] }.flatMap { Int($0) }
    }
}

extension WorkerWorld {
    /// A container of a game, as a worker of the namespace runs it.
    static func spec(game: GameID, namespace: String = "rtm", name: String? = nil) -> RunSpec {
        let name = name ?? "galaxy-game-\(game)"
        return RunSpec(
            name: name,
            image: "engine:1",
            hostname: name,
            network: "galaxy-net",
            labels: [
                GalaxyLabel.owner: GalaxyLabel.ownerValue, GalaxyLabel.namespace: namespace,
                GalaxyLabel.gameID: game.text,
                GalaxyLabel.jobID: "j-\(game)",
            ],
            logDriver: "none",
            cpuQuota: 1,
            memory: "64m",
            pidsLimit: 10
        )
    }
}
