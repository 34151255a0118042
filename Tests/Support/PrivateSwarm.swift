import Foundation

/// Two hosts with a Docker Engine each, joined to one Swarm: a manager and a worker.
package struct PrivateSwarm: Sendable {
    package let manager: PrivateDocker
    package let worker: PrivateDocker

    private static let managerAddress = "10.213.78.1"
    private static let workerAddress = "10.213.78.2"

    /// Runs `body` with the two hosts, and takes them down in the end.
    package static func with<Value>(_ body: (PrivateSwarm) async throws -> Value) async throws -> Value {
        try await PrivateDocker.with { manager in
            try await PrivateDocker.with { worker in
                let swarm = PrivateSwarm(manager: manager, worker: worker)
                try await swarm.link()
                try await swarm.join()
                return try await body(swarm)
            }
        }
    }

    /// Makes an overlay network, by the manager.
    package func makeOverlay(_ name: String, subnet: String, _ arguments: String...) async throws {
        let create = ["network", "create", "--driver", "overlay", "--subnet", subnet]
        try await manager.engine.docker(create + arguments + [name])
    }

    /// A cable between the two hosts.
    private func link() async throws {
        let name = "rts-\(manager.namespace.suffix(8))"
        let peer = "rts-\(worker.namespace.suffix(8))"
        try await Tool.run(
            ["ip", "link", "add", name, "netns", manager.namespace, "type", "veth", "peer", "name", peer]
                + ["netns", worker.namespace]
        )
        for (docker, device, address) in [
            (manager, name, Self.managerAddress), (worker, peer, Self.workerAddress),
        ] {
            try await Tool.run(["ip", "-n", docker.namespace, "address", "add", "\(address)/24", "dev", device])
            try await Tool.run(["ip", "-n", docker.namespace, "link", "set", device, "up"])
        }
    }

    private func join() async throws {
        try await manager.engine.docker("swarm", "init", "--advertise-addr", Self.managerAddress)
        let token = try await manager.engine.docker("swarm", "join-token", "--quiet", "worker")
            .trimmingCharacters(in: .whitespacesAndNewlines)
        try await worker.engine.docker(
            ["swarm", "join", "--advertise-addr", Self.workerAddress, "--token", token, "\(Self.managerAddress):2377"]
        )
    }
}
