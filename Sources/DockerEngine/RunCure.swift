import DockerPort
import Logging
import NIOHTTP1
import Synchronization

/// Which bounds of processes an Engine may set. One that may not raise limits (in a container without `SYS_RESOURCE`, in a
/// unit with a low `LimitNOFILE`) fails each start by them. What it gives by itself is lower then.
enum UlimitSupport: Int {
    case none, coreFilesOnly, all

    var asked: [CreateBody.Ulimit] {
        switch self {
        case .none: []
        case .coreFilesOnly: [.coreFiles]
        case .all: [.coreFiles, .openFiles]
        }
    }

    /// What is left to try after this failed. Podman asks for open files of its own where any bound is asked for.
    var lower: UlimitSupport? { UlimitSupport(rawValue: rawValue - 1) }
}

/// What can be done about a start that failed and left nothing, before it is made once more.
enum RunCure {
    /// The network has an endpoint of the container's name, which a container before has left behind.
    case staleEndpoint
    /// The Engine may not set the bounds of processes.
    case ulimits

    /// - Parameter error: why the start failed; nil where nothing is to be done about that.
    init?(_ error: DockerError) {
        guard error.status != nil, !error.mayHaveHappened else { return nil }
        let text = error.message.lowercased()
        if Self.tellsOfEndpoint(text) {
            self = .staleEndpoint
        } else if text.contains("error setting rlimit") {
            self = .ulimits
        } else {
            return nil
        }
    }

    /// Whether the Engine's words, in lower case, say that the name is taken on the network.
    static func tellsOfEndpoint(_ text: String) -> Bool {
        text.contains("endpoint with name") && text.contains("already exists in network")
    }
}

extension DockerEngine {
    /// Runs the container, and runs it once more after each cure.
    func runCured(_ spec: RunSpec, _ flag: CancellationFlag) async -> Result<RunResult, DockerError> {
        var hadStaleEndpoint = false
        while true {
            let result: Result<RunResult, DockerError>
            let attempt: RunAttempt
            do throws(DockerError) {
                attempt = try self.attempt(spec)
                result = await attempt.run(cancellation: flag)
            } catch {
                return .failure(error)
            }
            guard case .failure(let error) = result, let cure = RunCure(error), !flag.isRaised else { return result }
            if cure == .staleEndpoint {
                guard !hadStaleEndpoint else { return result }
                hadStaleEndpoint = true
            }
            guard await apply(cure, attempt) else { return result }
        }
    }

    /// Returns whether another try is worth it.
    private func apply(_ cure: RunCure, _ attempt: RunAttempt) async -> Bool {
        switch cure {
        case .ulimits:
            let (canRetry, isNew) = ulimits.withLock { support -> (Bool, Bool) in
                // Another run may have learnt it in the meantime.
                guard support.asked == attempt.body.hostConfig.ulimits else { return (true, false) }
                guard let lower = support.lower else { return (false, false) }
                support = lower
                return (true, true)
            }
            if isNew {
                logger.warning(
                    "the Engine may not set limits of processes, so containers have its own",
                    metadata: ["wanted": "core=0, nofile=\(CreateBody.Ulimit.openFiles.hard)"]
                )
            }
            return canRetry
        case .staleEndpoint:
            do throws(DockerError) {
                return try await disconnectStaleEndpoint(of: attempt.spec)
            } catch {
                logger.warning("a stale endpoint could not be disconnected", metadata: ["error": "\(error)"])
                return false
            }
        }
    }

    /// `POST /networks/{id}/disconnect` for the endpoint that has the spec's name.
    ///
    /// - Returns: false, and nothing is changed, where the endpoint is a living container's, or a container has the name:
    ///   the Engine would disconnect that one instead.
    private func disconnectStaleEndpoint(of spec: RunSpec) async throws(DockerError) -> Bool {
        guard try await container(spec.name) == nil else { return false }
        let look = EngineRequest(
            .inspectNetwork,
            .GET,
            ["networks", spec.network],
            deadline: configuration.deadlines.inspect,
            caller: "run"
        )
        let network = try await transport.send(look, expecting: 200).decode(NetworkAnswer.self, for: look)
        guard network.name == spec.network else { return false }
        for (id, endpoint) in network.containers ?? [:] where endpoint.name == spec.name {
            // An endpoint without a container stands under a key that is no container's id.
            if DockerNames.isContainerID(id), try await container(id)?.inspect.isRunning == true { return false }
        }
        let request = EngineRequest(
            .disconnect,
            .POST,
            ["networks", network.id ?? spec.network, "disconnect"],
            body: try encodedJSON(DisconnectBody(container: spec.name), operation: "run"),
            deadline: configuration.deadlines.remove,
            lane: .long
        )
        _ = try await transport.send(request, expecting: 200, 204)
        logger.notice(
            "a stale endpoint was disconnected",
            metadata: ["network": "\(spec.network)", "endpoint": "\(spec.name)"]
        )
        return true
    }

    private func container(_ name: String) async throws(DockerError) -> ContainerAnswer? {
        do throws(DockerError) {
            return try await inspected(name, caller: "run")
        } catch {
            guard error.code == .containerNotFound else { throw error }
            return nil
        }
    }
}

/// Body of `POST /networks/{id}/disconnect`.
private struct DisconnectBody: Encodable {
    var container: String
    var force = true

    enum CodingKeys: String, CodingKey {
        case container = "Container"
        case force = "Force"
    }
}
