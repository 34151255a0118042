import DockerPort
import Logging
import NIOHTTP1
import Synchronization

/// The ulimits that a Docker Engine can set.
///
/// Some Docker Engines may not raise limits, for example in a container without `SYS_RESOURCE`, or in a unit with a low
/// `LimitNOFILE`. There, each start with these ulimits fails. The Docker Engine's own ulimits are lower in this case.
enum UlimitSupport: Int {
    case none, coreFilesOnly, all

    var asked: [CreateBody.Ulimit] {
        switch self {
        case .none: []
        case .coreFilesOnly: [.coreFiles]
        case .all: [.coreFiles, .openFiles]
        }
    }

    /// The next support to try after a failure. If a request has any ulimit, Podman adds its own limit of open files,
    /// so `coreFilesOnly` can fail, too.
    var lower: UlimitSupport? { UlimitSupport(rawValue: rawValue - 1) }
}

/// A cure for a failed start, before the next attempt. The failed attempt has left no container.
enum RunCure {
    /// The network still has an endpoint with the container's name, left by an earlier container.
    case staleEndpoint
    /// The Docker Engine cannot set the ulimits.
    case ulimits
    /// The Docker Engine has deleted its end of an overlay network together with its last container. The next attempt
    /// makes it again.
    case vanishedNetwork

    /// - Parameter error: the error of the start; the result is nil if there is no cure.
    init?(_ error: DockerError) {
        guard error.status != nil, !error.mayHaveHappened else { return nil }
        let text = error.message.lowercased()
        if Self.tellsOfEndpoint(text) {
            self = .staleEndpoint
        } else if text.contains("error setting rlimit") {
            self = .ulimits
        } else if text.contains(SwarmRefusal.vanished.sentence) {
            self = .vanishedNetwork
        } else {
            return nil
        }
    }

    /// Returns whether the lower-case text says that the name is taken on the network.
    static func tellsOfEndpoint(_ text: String) -> Bool {
        text.contains("endpoint with name") && text.contains("already exists in network")
    }
}

extension DockerEngine {
    /// The largest number of attempts in a row that an overlay network may spoil by vanishing.
    private static let mostVanishings = 3

    /// Runs the container, and runs the container again after each cure.
    func runCured(_ spec: RunSpec, _ flag: CancellationFlag) async -> Result<RunResult, DockerError> {
        var hadStaleEndpoint = false
        var vanishings = 0
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
            if cure == .vanishedNetwork {
                vanishings += 1
                guard vanishings <= Self.mostVanishings else { return result }
            }
            guard await apply(cure, attempt) else { return result }
        }
    }

    /// Applies the cure. Returns whether another attempt makes sense.
    private func apply(_ cure: RunCure, _ attempt: RunAttempt) async -> Bool {
        switch cure {
        case .vanishedNetwork: return true
        case .ulimits:
            let (canRetry, isNew) = ulimits.withLock { support -> (Bool, Bool) in
                // Another run may have lowered the support meanwhile.
                guard support.asked == attempt.body.hostConfig.ulimits else { return (true, false) }
                guard let lower = support.lower else { return (false, false) }
                support = lower
                return (true, true)
            }
            if isNew {
                logger.warning(
                    "the Docker Engine may not set ulimits; containers get its own",
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

    /// Disconnects the endpoint with the spec's name, with `POST /networks/{id}/disconnect`.
    ///
    /// - Returns: `false`, without a change, if a container has the name or the endpoint's container runs. The Docker
    ///   Engine would then disconnect this container. `false` also if no network has exactly the spec's name.
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
            // The key of an endpoint without a container is not a container id.
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

/// The body of `POST /networks/{id}/disconnect`.
private struct DisconnectBody: Encodable {
    var container: String
    var force = true

    enum CodingKeys: String, CodingKey {
        case container = "Container"
        case force = "Force"
    }
}
