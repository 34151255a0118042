import Foundation
import JobContract
import Models
import Primitives
import Redis

extension Fleet {
    /// Runs a container of this fleet that no job has started, as if one had: with the labels, the name and the
    /// hostname that a job gives. Answers its id.
    @discardableResult
    package func runByHand(game: GameID, image: String? = nil, _ command: [String] = []) async throws -> ContainerID {
        let name = containerName(game)
        let labels = [
            GalaxyLabel.owner: GalaxyLabel.ownerValue, GalaxyLabel.namespace: keys.namespace,
            GalaxyLabel.gameID: game.text, GalaxyLabel.jobID: "by-hand-\(game)",
        ]
        var arguments = ["docker", "--host", world.engine.host, "run", "--detach", "--init", "--network", "none"]
        arguments += ["--name", name, "--hostname", name]
        for (label, value) in labels { arguments += ["--label", "\(label)=\(value)"] }
        let text = try await Tool.run(arguments + [image ?? world.image] + command)
        return ContainerID(text.trimmingCharacters(in: .whitespacesAndNewlines))
    }

    /// Returns the process of a container.
    package func process(of id: ContainerID) async throws -> Int32 {
        let text = try await world.engine.docker("inspect", "--format", "{{.State.Pid}}", id.text)
        guard let pid = Int32(text.trimmingCharacters(in: .whitespacesAndNewlines)), pid > 0 else {
            throw Overdue("container \(id) has no process: \(text)")
        }
        return pid
    }

    /// Waits until a process of a container has ended. Works while Docker is away.
    package func untilEnded(_ process: Int32) async throws {
        try await eventually("the end of process \(process)") { ProcessState.hasEnded(process) }
    }

    /// Makes a container that never runs, with the labels of this fleet or of another namespace. Answers its id.
    package func createByHand(game: GameID, namespace: String? = nil, image: String? = nil) async throws -> ContainerID
    {
        let name = containerName(game)
        var arguments = ["docker", "--host", world.engine.host, "create", "--network", "none"]
        arguments += ["--name", name, "--hostname", name]
        for (label, value) in [
            (GalaxyLabel.owner, GalaxyLabel.ownerValue), (GalaxyLabel.namespace, namespace ?? keys.namespace),
            (GalaxyLabel.gameID, game.text), (GalaxyLabel.jobID, "long-gone"),
        ] { arguments += ["--label", "\(label)=\(value)"] }
        let text = try await Tool.run(arguments + [image ?? world.image])
        return ContainerID(text.trimmingCharacters(in: .whitespacesAndNewlines))
    }

    /// Makes Docker emit `count` foreign events, more than its buffer holds.
    package func makeNoise(_ count: Int) async throws {
        let socket = world.engine.host.replacing("unix://", with: "")
        // One process and one connection for all.
        try await Tool.run([
            "curl", "--silent", "--fail", "--output", "/dev/null", "--unix-socket", socket, "--request", "POST",
            "http://docker/images/\(world.image)/tag?repo=\(world.prefix)-noise&tag=1&number=[1-\(count)]",
        ])
    }

    /// Makes a Redis user of that name for one worker, and answers its URL. Without it, the worker is cut off.
    package func addRedisUser(_ name: String) async throws -> String {
        _ = try await client.send(RedisCommand("ACL", "SETUSER", .string(name), "on", ">secret", "~*", "&*", "+@all"))
        return redis.url.replacing("redis://", with: "redis://\(name):secret@")
    }

    /// Cuts every connection of a user, and lets it make no other.
    package func cutOff(_ user: String) async throws {
        _ = try await client.send(RedisCommand("ACL", "SETUSER", .string(user), "off"))
        _ = try await client.send(RedisCommand("CLIENT", "KILL", "USER", .string(user)))
    }

    /// Lets a user that was cut off come back.
    package func letBack(_ user: String) async throws {
        _ = try await client.send(RedisCommand("ACL", "SETUSER", .string(user), "on"))
    }

    /// The worker that listens to the node's events.
    package func leader() async throws -> WorkerProcess {
        let node = try await node()
        var found: WorkerProcess?
        try await eventually("a leader", until: { _ in found != nil }) {
            let command = RedisCommand("HMGET", .string(keys.leader(node)), "holder", "epoch")
            let fields = try await client.send(command).array ?? []
            guard fields.count == 2, let holder = fields[0].string, let epoch = fields[1].integer else { return fields }
            let term = RedisCommand("EXISTS", .string(keys.term(node, epoch: epoch)))
            guard try await client.send(term).integer == 1 else { return fields }
            found = workers.first { $0.isWorker(holder) && $0.process.isRunning }
            return fields
        }
        guard let found else { throw Overdue("nobody leads") }
        return found
    }

    /// Waits until all events of these containers are published, up to the removals. Returns all events.
    @discardableResult
    package func untilPublished(_ ids: [ContainerID], within limit: Duration = patience) async throws -> [[String:
        String]]
    {
        var last: [[String: String]] = []
        try await eventually("an end to what is wrong with the events", within: limit, until: \.isEmpty) {
            last = try await events()
            return Checker.problems(last, complete: Set(ids))
        }
        return last
    }
}
