import Primitives

import DockerPort
import NIOHTTP1
import Synchronization

extension DockerEngine {
    package func ping() async throws(DockerError) {
        let request = EngineRequest(.ping, .GET, ["_ping"], deadline: configuration.deadlines.ping, lane: .probe)
        _ = try await transport.send(request, expecting: 200)
    }

    package func info() async throws(DockerError) -> EngineInfo {
        let request = infoRequest(caller: "info")
        let answer = try await engineInfo(request)
        let version = try await transport.version(for: request)
        return answer.info(apiVersion: version?.description ?? "")
    }

    package func startTime() async throws(DockerError) -> Timestamp? {
        let request = EngineRequest(
            .inspectNetwork,
            .GET,
            ["networks", "bridge"],
            deadline: configuration.deadlines.inspect,
            caller: "startTime"
        )
        let answer = try await transport.send(request)
        guard answer.status == 200 else { return nil }
        return try answer.decode(NetworkAnswer.self, for: request).createdAt
    }

    package func ensureNetwork(_ name: String) async throws(DockerError) {
        guard !networks.withLock({ $0.has(name, at: .now) }) else { return }
        try await ensureNetworkNow(name)
    }

    package func ensureNetworkNow(_ name: String) async throws(DockerError) {
        networks.withLock { $0.drop(name) }
        guard DockerNames.isNetwork(name) else {
            throw DockerError(
                .invalidSpec,
                operation: "ensureNetwork",
                message: "\(printable(name)) is not the name of a user-defined network"
            )
        }
        let request = EngineRequest(
            .inspectNetwork,
            .GET,
            ["networks", name],
            deadline: configuration.deadlines.inspect
        )
        let answer = try await transport.send(request)
        guard answer.status == 200 else { return try await networkRefused(name, answer) }
        let network = try answer.decode(NetworkAnswer.self, for: request)
        // The Docker Engine also finds a network by the first characters of its id.
        guard network.name == name else {
            throw DockerError(
                .networkMissing,
                operation: "ensureNetwork",
                message: "no network has exactly the name \(name)"
            )
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

    private func networkRefused(_ name: String, _ answer: EngineAnswer) async throws(DockerError) {
        let refusal = DockerError.answer(.inspectNetwork, status: answer.status, body: answer.text)
        guard refusal.code == .networkMissing else { throw refusal }
        // A Swarm worker does not list an overlay network until a container uses the network. Let the start decide.
        guard try await engineInfo(infoRequest(caller: "ensureNetwork")).isSwarmWorker else { throw refusal }
    }

    private func infoRequest(caller: String) -> EngineRequest {
        EngineRequest(.info, .GET, ["info"], deadline: configuration.deadlines.inspect, caller: caller)
    }

    private func engineInfo(_ request: EngineRequest) async throws(DockerError) -> InfoAnswer {
        try await transport.send(request, expecting: 200).decode(InfoAnswer.self, for: request)
    }
}
