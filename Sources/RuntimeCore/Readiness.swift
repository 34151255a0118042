import Primitives
import DockerPort
import JobContract

/// By what a start learns that its engine answers.
package enum ReadinessProbe: Sendable, Equatable {
    /// The image's own HEALTHCHECK.
    case health
    /// The endpoint's port accepts a connection.
    case port(Int)
    /// The path answers a request below 500.
    case path(String, port: Int)

    /// The probe for an image: its HEALTHCHECK, else the path that its label names, else the endpoint's port.
    ///
    /// - Throws: `invalid_spec` where the label is no path.
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

    /// The path goes into a request as it is, so nothing in it may end the line.
    private static func isPath(_ text: String) -> Bool {
        text.hasPrefix("/") && text.utf8.count <= longestPath && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
    }
}

/// What a look at a container that is waited for means.
package struct Readiness: Sendable, Equatable {
    /// How the waiting goes on.
    package enum Step: Sendable, Equatable {
        /// The engine answers.
        case ready
        /// It will not answer any more; a sentence says why.
        case failed(String)
        /// Nothing to ask yet: look again later.
        case wait
        /// Whether the engine answers there is to be tried.
        case ask(address: String)
    }

    /// By what the engine's readiness is told.
    package var probe: ReadinessProbe
    /// Network on which the engine is asked.
    package var network: String

    package init(probe: ReadinessProbe, network: String) {
        self.probe = probe
        self.network = network
    }

    /// What to do after a look at the container; nil stands for one that is gone.
    package func step(finding container: ContainerInspect?) -> Step {
        guard let container else { return .failed("the container was removed while its engine was waited for") }
        guard container.isRunning else {
            let memory = container.oomKilled ? ", for want of memory" : ""
            return .failed("the process ended with exit code \(container.exitCode)\(memory) before it was ready")
        }
        guard container.status == "running" else { return .wait }
        if probe == .health { return container.health == "healthy" ? .ready : .wait }
        guard let address = container.addresses[network] else { return .wait }
        return .ask(address: address)
    }

    /// What was waited for in vain, in words.
    package func timeout(seconds: Int) -> String {
        let missing =
            switch probe {
            case .health: "its health check did not become healthy"
            case .port(let port): "nobody accepted at port \(port)"
            case .path(let path, let port): "\(path) at port \(port) did not answer below 500"
            }
        return "the engine was not ready within \(seconds) s: \(missing)"
    }

    /// The status in the first line of an HTTP answer (`HTTP/1.1 200 OK`); nil where the bytes so far do not tell.
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

    /// Pause before look number `look`, which counts from 0: the first come quickly, then they spread out.
    package static func pause(beforeLook look: Int) -> Duration {
        .milliseconds(min(50 * (1 << min(max(look, 0), 4)), 500))
    }
}
