import DockerPort
import Logging
import Synchronization

/// Watches whether the network of the games is on the node's Engine: without it every start fails, which is better known
/// before the first one.
final class NetworkWatch: Sendable {
    /// Time from one look to the next.
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

    /// What is wrong and what to do; nil: the network was there when it was looked for last, or could not be looked for.
    var problem: String? { missing.withLock { $0 } }

    /// Looks every few seconds until the task is cancelled.
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
            // An Engine that does not answer says nothing about its networks.
            guard error.code == .networkMissing else { return }
            let sentence =
                "network \(network) is not on this node's Engine, and starts fail; docker network create \(network)"
            if set(sentence) {
                logger.warning(
                    "the network of the games is missing, and starts fail; create it, or set RTM_NETWORK",
                    metadata: ["network": "\(network)", "create": "docker network create \(network)"]
                )
            }
        }
    }

    /// Answers whether this is news.
    private func set(_ problem: String?) -> Bool {
        missing.withLock { missing in
            defer { missing = problem }
            return missing != problem
        }
    }
}
