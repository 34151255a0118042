import Commands
import DockerEngine
import DockerPort
import JobContract
import Logging
import Primitives
import Redis
import Runtime
import RuntimeCore
import Settings
import Terminal

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The real Docker Engine of `DOCKER_HOST`, with the bench's own containers.
///
/// The bare adapter starts the same containers as a worker would. At the end, the bench removes all its containers.
struct BenchEngine: Sendable {
    let stage: BenchStage
    let docker: DockerEngine
    private let node: NodeSettings
    private let image: ImageInspect

    /// Runs `body` with the Docker Engine.
    ///
    /// - Throws: ``CommandError`` if the Docker Engine, the image or the network is missing. The error says what to do.
    static func with<R>(_ stage: BenchStage, _ body: (BenchEngine) async throws -> R) async throws -> R {
        let docker = try Actions.engine(logger: stage.logger)
        let outcome: Result<R, any Error>
        do {
            let engine = BenchEngine(
                stage: stage,
                docker: docker,
                node: node(of: stage),
                image: try await requiredImage(stage, docker)
            )
            do {
                outcome = .success(try await body(engine))
            } catch {
                outcome = .failure(error)
            }
            await withCancellationShield { await engine.removeLeftovers() }
        } catch {
            outcome = .failure(error)
        }
        await docker.shutdown()
        return try outcome.get()
    }

    private static func node(of stage: BenchStage) -> NodeSettings {
        var node = stage.settings.nodeSettings
        node.namespace = stage.redis.keys.namespace
        node.namePrefix = "\(stage.redis.keys.namespace)-"
        node.stateRoot = "\(stage.directory)/games"
        return node
    }

    private static func requiredImage(_ stage: BenchStage, _ docker: DockerEngine) async throws -> ImageInspect {
        let name = stage.options.image ?? ""
        do throws(DockerError) {
            try await docker.ping()
            try await docker.ensureNetwork(stage.settings.network)
            return try await docker.inspectImage(name)
        } catch {
            switch error.code {
            case .imageNotFound:
                throw CommandError.failed("the Engine does not have the image \(name): docker pull it, or name another")
            case .networkMissing:
                throw CommandError.failed(
                    "\(error.message): docker network create \(stage.settings.network), or name one by --network"
                )
            default: throw CommandError.outOfReach("\(error.message) (DOCKER_HOST says where it is)")
            }
        }
    }

    // MARK: The bare adapter

    /// Starts the same container as a job for `game`.
    func run(_ game: GameID) async throws -> RunResult {
        var job = Job(id: JobID("bare-\(game)"), kind: .start, gameID: game, image: ImageReference(image.ref))
        job.pullPolicy = PullPolicy.never.rawValue
        let spec = try Policy(node).allow(job).spec(on: image)
        try FileManager.default.createDirectory(
            atPath: node.stateFolder(gameID: game),
            withIntermediateDirectories: true
        )
        return try await docker.run(spec)
    }

    /// Returns the name of a game's container, regardless of who started the container.
    func containerName(_ game: GameID) -> String { node.containerName(gameID: game) }

    /// Removes all containers of the bench.
    func removeAll() async throws {
        let ours = try await docker.list(
            ListFilter(labels: [GalaxyLabel.namespace: node.namespace], inspectsRows: false)
        )
        try await inFlight(4, ours.map(\.id)) { try await docker.remove($0.text) }
    }

    private func removeLeftovers() async {
        do {
            try await removeAll()
        } catch {
            stage.logger.warning("the bench left containers on the Docker Engine", metadata: ["error": "\(error)"])
        }
    }

    // MARK: Workers

    /// Runs `body` beside a worker of this Docker Engine, after the worker has become the leader.
    func withWorker<R: Sendable>(
        concurrency: Int? = nil,
        _ more: [String: String] = [:],
        _ body: () async throws -> R
    ) async throws -> R {
        var settings = [
            "RTM_NAME_PREFIX": node.namePrefix, "RTM_NETWORK": node.network, "RTM_JANITOR": "report",
        ].merging(more) { _, given in given }
        if let concurrency { settings["RTM_CONCURRENCY"] = String(concurrency) }
        return try await Program.with(
            [try Program.beside("rtmanager"), "worker"],
            environment: stage.environment(settings),
            log: stage.workerLog
        ) {
            let id = NodeID(try await docker.info().id)
            try await awaitReadiness("the worker", log: stage.workerLog) {
                ((try? await stage.leader(of: id)) ?? nil) != nil
            }
            return try await body()
        }
    }

    /// Returns a message as producers push it.
    func message(_ kind: JobKind, _ id: JobID, _ game: GameID) -> String {
        let more =
            switch kind {
            case .start: #","image":"\#(image.ref)","pull_policy":"never""#
            case .remove: #","force":true"#
            default: ""
            }
        return #"{"v":1,"id":"\#(id)","kind":"\#(kind.rawValue)","game_id":"\#(game)"\#(more)}"#
    }

    /// Pushes a job of `kind` for each game. The kind and the game form the job's id.
    func push(_ kind: JobKind, _ games: [GameID]) async throws {
        let messages = games.map { RedisArgument.string(message(kind, Self.id(kind, $0), $0)) }
        guard !messages.isEmpty else { return }
        _ = try await stage.redis.client.send(RedisCommand("LPUSH", arguments: [stage.redis.queue] + messages))
    }

    static func id(_ kind: JobKind, _ game: GameID) -> JobID { JobID("\(kind.rawValue)-\(game)") }

    /// Waits until all these jobs have succeeded. Throws at the first job without success.
    func untilDone(_ kind: JobKind, _ games: [GameID], within limit: Duration = .seconds(120)) async throws {
        for game in games {
            let id = Self.id(kind, game)
            let key = RedisArgument.string(stage.redis.keys.job(id))
            try await awaitReadiness(
                "the result of \(id)",
                within: limit,
                log: stage.workerLog,
                every: .milliseconds(5)
            ) {
                (try? await stage.redis.client.send(RedisCommand("HEXISTS", key, "outcome")).integer) == 1
            }
            let fields = try await stage.redis.client.send(RedisCommand("HMGET", key, "outcome", "error")).array ?? []
            guard fields.first?.string == JobOutcome.succeeded.rawValue else {
                throw CommandError.failed("\(id) failed: \(fields.last?.string ?? "")")
            }
        }
    }
}

/// Calls `body` with each of `items`, at most `width` calls at a time.
func inFlight<Item: Sendable>(
    _ width: Int,
    _ items: [Item],
    _ body: @escaping @Sendable (Item) async throws -> Void
) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
        for (index, item) in items.enumerated() {
            if index >= width { try await group.next() }
            group.addTask { try await body(item) }
        }
        try await group.waitForAll()
    }
}
