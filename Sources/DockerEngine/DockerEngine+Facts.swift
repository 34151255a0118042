import Primitives

import DockerPort
import NIOHTTP1

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
        // Podman's containers outlive its service, and each service and each change of a network sets the time anew.
        guard answer.status == 200, !transport.isPodman else { return nil }
        return try answer.decode(NetworkAnswer.self, for: request).createdAt
    }

    func infoRequest(caller: String) -> EngineRequest {
        EngineRequest(.info, .GET, ["info"], deadline: configuration.deadlines.inspect, caller: caller)
    }

    func engineInfo(_ request: EngineRequest) async throws(DockerError) -> InfoAnswer {
        try await transport.send(request, expecting: 200).decode(InfoAnswer.self, for: request)
    }
}
