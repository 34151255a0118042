import DockerPort
import NIOHTTP1
import Synchronization

extension DockerEngine {
    package func ensureNetwork(_ name: String) async throws(DockerError) {
        guard !networks.withLock({ $0.has(name, at: .now) }) else { return }
        try await ensureNetworkNow(name)
    }

    package func ensureNetworkNow(_ name: String) async throws(DockerError) {
        networks.withLock { $0.drop(name) }
        let network: NetworkAnswer
        do throws(DockerError) {
            network = try await inspectedNetwork(name, caller: "ensureNetwork")
        } catch {
            guard error.code == .networkMissing, error.status == 404 else { throw error }
            // Let the start decide if the Docker Engine cannot know.
            guard let refusal = try await refusal(ofUnlisted: name, error) else { return }
            throw refusal
        }
        if let obstacle = network.obstacle {
            throw DockerError(
                .invalidSpec,
                operation: "ensureNetwork",
                message: "containers cannot be attached to network \(name): \(obstacle)"
            )
        }
        networks.withLock { $0.add(name, at: .now) }
    }

    package func inspectNetwork(_ name: String) async throws(DockerError) -> NetworkInspect {
        try await inspectedNetwork(name, caller: "inspectNetwork").inspect
    }

    /// Inspects a network with `GET /networks/{name}`, by its exact name.
    private func inspectedNetwork(_ name: String, caller: String) async throws(DockerError) -> NetworkAnswer {
        guard DockerNames.isNetwork(name) else {
            throw DockerError(
                .invalidSpec,
                operation: caller,
                message: "\(printable(name)) is not the name of a user-defined network"
            )
        }
        let request = EngineRequest(
            .inspectNetwork,
            .GET,
            ["networks", name],
            deadline: configuration.deadlines.inspect,
            caller: caller
        )
        let network = try await transport.send(request, expecting: 200).decode(NetworkAnswer.self, for: request)
        // The Docker Engine also finds a network by the first characters of its id.
        guard network.name == name else {
            throw DockerError(.networkMissing, operation: caller, message: "no network has exactly the name \(name)")
        }
        return network
    }

    /// Returns the error for a network that the Docker Engine does not list; nil if the network may exist all the same.
    private func refusal(ofUnlisted name: String, _ error: DockerError) async throws(DockerError) -> DockerError? {
        var refusal = error
        switch try await engineInfo(infoRequest(caller: "ensureNetwork")).swarmState {
        case .worker: return nil
        case .none: refusal.message = "there is no network \(name) on the Docker Engine, which is in no Swarm"
        case .manager: refusal.message = "there is no network \(name) on the Docker Engine, nor in its Swarm"
        case .away(let word):
            refusal.message =
                "the Docker Engine does not list the network \(name), and its Swarm cannot be asked: the Swarm state is "
                + "\(word), see `docker info`"
            refusal.retryable = true
        }
        return refusal
    }
}
