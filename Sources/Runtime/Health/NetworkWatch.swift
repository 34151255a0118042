import DockerPort
import Logging
import Synchronization

/// Watches whether the games' network exists on the node's Docker Engine. Every start fails without the network, so an
/// operator should know before the first start.
final class NetworkWatch: Sendable {
    /// Time between two checks.
    private static let pause = Duration.seconds(5)

    private let docker: any DockerClient
    private let network: String
    private let logger: Logger
    private let missing = Mutex<String?>(nil)

    init(docker: any DockerClient, network: String, logger: Logger) {
        self.docker = docker
        self.network = network
        self.logger = logger
    }

    /// The problem and its remedy. Nil if the last check found the network, or if no check was possible.
    var problem: String? { missing.withLock { $0 } }

    /// Checks every 5 s until the task is cancelled.
    func run() async {
        while !Task.isCancelled {
            await look()
            try? await MonotonicClock.sleep(for: Self.pause)
        }
    }

    func look() async {
        do throws(DockerError) {
            try await docker.ensureNetworkNow(network)
            if set(nil) { logger.notice("the network is there again", metadata: ["network": "\(network)"]) }
        } catch {
            // A Docker Engine without an answer says nothing about its networks.
            guard error.code == .networkMissing else { return }
            let sentence = "\(error.message), and starts fail; docker network create \(network)"
            if set(sentence) {
                logger.warning(
                    "the network of the games is missing, and starts fail; create it, or set RTM_NETWORK",
                    metadata: [
                        "network": "\(network)", "create": "docker network create \(network)",
                        "why": "\(error.message)",
                    ]
                )
            }
        }
    }

    /// Records the result. Returns whether the result is new.
    private func set(_ problem: String?) -> Bool {
        missing.withLock { missing in
            defer { missing = problem }
            return missing != problem
        }
    }
}
