import DockerPort
import JobContract
import Primitives

/// The check for the readiness of a game engine.
package enum ReadinessProbe: Sendable, Equatable {
    /// The image's own HEALTHCHECK is healthy.
    case health
    /// The port of the endpoint accepts a connection.
    case port(Int)
    /// The path answers a request with a status below 500.
    case path(String, port: Int)

    /// Chooses the probe for an image: the image's HEALTHCHECK, otherwise the path in the image's label, otherwise the
    /// endpoint's port.
    ///
    /// - Throws: `invalid_spec` if the label is not a path.
    package init(image: ImageInspect, port: Int) throws(JobFailure) {
        if image.hasHealthcheck {
            self = .health
        } else if let path = image.labels[GalaxyLabel.readyPath] {
            guard Self.isPath(path) else {
                throw JobFailure(
                    .invalidSpec,
                    "the image's label \(GalaxyLabel.readyPath) is no path: it begins with /, has no blanks and at "
                        + "most \(Self.longestPath) characters"
                )
            }
            self = .path(path, port: port)
        } else {
            self = .port(port)
        }
    }

    private static let longestPath = 1_024

    /// Returns whether the text is a safe path. The path is written into a request unchanged, so no character may end
    /// the request line.
    private static func isPath(_ text: String) -> Bool {
        text.hasPrefix("/") && text.utf8.count <= longestPath && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
    }
}

/// Decides the next step after an inspection of a container whose game engine a job waits for.
package struct Readiness: Sendable, Equatable {
    /// The next step of the wait.
    package enum Step: Sendable, Equatable {
        /// The game engine answers.
        case ready
        /// The game engine will not answer. The sentence gives the reason.
        case failed(String)
        /// Nothing to ask yet: inspect again later.
        case wait
        /// Ask the game engine at this address and port. In front of a published port there may be a proxy.
        case ask(address: String, port: Int, isPublished: Bool)
        /// Ask the game engine at this port, at the container's address on the gateway bridge: see
        /// ``step(through:of:port:isAgain:)``.
        case askThroughGateway(port: Int)
    }

    /// The check for the game engine's readiness.
    package var probe: ReadinessProbe
    /// Network for requests to the game engine.
    package var network: String

    package init(probe: ReadinessProbe, network: String) {
        self.probe = probe
        self.network = network
    }

    /// Returns the next step after an inspection. A nil container means a removed container.
    package func step(finding container: ContainerInspect?) -> Step {
        guard let container else { return .failed("the container was removed while its engine was waited for") }
        guard container.isRunning else {
            let memory = container.oomKilled ? ", for want of memory" : ""
            return .failed("the process ended with exit code \(container.exitCode)\(memory) before it was ready")
        }
        guard container.status == "running" else { return .wait }
        let port: Int
        switch probe {
        case .health: return container.health == "healthy" ? .ready : .wait
        case .port(let own), .path(_, let own): port = own
        }
        // A port that is bound at a certain address is reached there from everywhere, also with an overlay network.
        if let bound = container.hostPorts[port], !Self.isOfAnyHost(bound.address) {
            return .ask(address: bound.address, port: bound.port, isPublished: true)
        }
        guard let address = container.addresses[network] else { return .wait }
        guard !container.overlays.contains(network) else { return .askThroughGateway(port: port) }
        return .ask(address: address, port: port, isPublished: false)
    }

    /// Returns the next step after an inspection of the gateway bridge, for a container on an overlay network.
    ///
    /// - Parameters:
    ///   - bridge: The gateway bridge; nil: the Docker Engine has none.
    ///   - isAgain: Whether the former inspection found no address, too. A container that has just ended has none, so a
    ///     single inspection decides nothing.
    package func step(
        through bridge: NetworkInspect?,
        of container: ContainerID,
        port: Int,
        isAgain: Bool
    ) -> Step {
        if let address = bridge?.addresses[container] { return .ask(address: address, port: port, isPublished: false) }
        guard isAgain else { return .wait }
        return .failed(
            "the host does not reach the engine: \(network) is an overlay network, and the container is not on "
                + "\(DockerNames.gatewayBridge), as on an --internal network; give the image a HEALTHCHECK"
        )
    }

    /// Returns whether an address means another host elsewhere: a worker in a container has a loopback of its own.
    private static func isOfAnyHost(_ address: String) -> Bool {
        ["", "0.0.0.0", "::", "::1"].contains(address) || address.hasPrefix("127.")
    }

    /// Returns the sentence for a wait without success.
    package func timeout(seconds: Int) -> String {
        let missing =
            switch probe {
            case .health: "its health check did not become healthy"
            case .port(let port): "nobody accepted at port \(port)"
            case .path(let path, let port): "\(path) at port \(port) did not answer below 500"
            }
        return "the engine was not ready within \(seconds) s: \(missing)"
    }

    /// Returns the status in the first line of an HTTP answer (`HTTP/1.1 200 OK`), or nil if the bytes so far contain
    /// no status.
    package static func status(ofAnswer bytes: some Collection<UInt8>) -> Int? {
        let words = String(decoding: bytes.prefix(64), as: UTF8.self).split(
            separator: " ",
            maxSplits: 2,
            omittingEmptySubsequences: false
        )
        guard words.count >= 2, words[0].hasPrefix("HTTP/"), words[1].utf8.count >= 3 else { return nil }
        let digits = words[1].prefix(3)
        guard let status = Int(digits), (100...599).contains(status) else { return nil }
        return status
    }

    /// Returns the pause before the next inspection: 50 ms at first, then doubled each time up to 500 ms.
    ///
    /// - Parameter look: The number of the inspection, counted from 0.
    package static func pause(beforeLook look: Int) -> Duration {
        .milliseconds(min(50 * (1 << min(max(look, 0), 4)), 500))
    }
}
