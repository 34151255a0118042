import JobContract
import Primitives
import Synchronization

@testable import Support

/// A host of a campaign: a Docker Engine that keeps its containers alive while it is away, workers, and a way to Redis.
final class Host: Sendable {
    let node: NodeID
    let docker: PrivateDocker
    let world: EngineWorld
    /// The workers' way to Redis.
    let line: TCPProxy
    private let fleet: Fleet
    private let started = Mutex<[WorkerProcess]>([])

    /// Workers of a host.
    static let workers = 2

    init(_ node: NodeID, docker: PrivateDocker, world: EngineWorld, line: TCPProxy, fleet: Fleet) {
        self.node = node
        self.docker = docker
        self.world = world
        self.line = line
        self.fleet = fleet
    }

    /// What a worker needs to belong to this host.
    var settings: [String: String] {
        [
            "RTM_NODE": node.text, "DOCKER_HOST": world.engine.host, "RTM_NETWORK": world.network,
            "RTM_NAME_PREFIX": "\(world.prefix)-", "RTM_STATE_ROOT": "\(fleet.stateRoot)-\(node)",
            "RTM_REDIS_URL": "redis://127.0.0.1:\(line.port)",
        ]
    }

    /// Workers whose processes run.
    var workers: [WorkerProcess] { started.withLock { $0 }.filter(\.process.isRunning) }

    func startWorker() async throws {
        let worker = try await fleet.startWorker(settings)
        started.withLock { $0.append(worker) }
    }

    func startWorkers() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<Self.workers { group.addTask { try await self.startWorker() } }
            try await group.waitForAll()
        }
    }

    /// The machine loses its power: Engine, containers and workers die.
    func powerOff() async throws {
        for worker in workers { await worker.kill9() }
        try await docker.losePower()
    }

    /// The machine boots.
    func powerOn() async throws {
        try await docker.start()
        try await startWorkers()
    }

    /// Starts a worker on this machine under the name of another node, as a clone of a machine does. It must say why it
    /// does not register.
    func pose(as other: NodeID) async throws {
        let clone = try await fleet.startWorker(settings.merging(["RTM_NODE": other.text]) { $1 }, untilReady: false)
        let sentence = "workers of node \(other) live on another machine"
        try await clone.untilItSays(sentence, within: .seconds(30))
        guard !clone.process.log.contains("worker is ready") else {
            throw Overdue("a worker of \(node) has registered as \(other)")
        }
        await clone.kill9()
    }

    /// The running containers of the fleet on this host.
    func running() async throws -> [ContainerID: GameID] {
        let text = try await world.engine.docker(
            ["ps", "--no-trunc", "--filter", "label=com.galaxy.namespace=\(fleet.keys.namespace)"]
                + ["--format", #"{{.ID}} {{.Label "com.galaxy.game_id"}}"#]
        )
        var found: [ContainerID: GameID] = [:]
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            if words.count == 2 { found[ContainerID(String(words[0]))] = GameID(String(words[1])) }
        }
        return found
    }
}
