import DockerPort
import Terminal

/// The facts about the Docker Engine for the doctor.
package struct EngineFacts: Sendable, Equatable {
    /// The Docker Engine's description; nil: the Docker Engine did not answer, and ``problem`` has the reason.
    var info: EngineInfo?
    var problem: String?
    /// Whether the Docker Engine accepted the connection, and gave no answer in time.
    var isSilent = false
    var address = ""
    var network = ""
    var networkState = NetworkState.usable(driver: "bridge")
    /// The requested images, with the doctor's results.
    var images: [ImageFact] = []
    /// The Docker Engine's clock minus this machine's clock, in milliseconds; nil: unknown.
    var clockOffset: Int64?
    var defaultCPUs = 0.0
    var defaultMemory: Int64 = 0

    /// The state of the games' network.
    enum NetworkState: Sendable, Equatable {
        case usable(driver: String)
        /// A Swarm worker does not list the network yet, so only a start shows whether the Swarm has it.
        case unlisted
        /// Containers cannot join the network. The sentence gives the reason.
        case unusable(String)
    }

    /// An image named by the operator.
    struct ImageFact: Sendable, Equatable {
        var reference: String
        var isPresent: Bool
        /// The reason why a start of the image would fail; nil: no reason is known.
        var problem: String?
    }

    package var findings: [Finding] {
        guard let info else { return [outOfReach] }
        var findings: [Finding] = [
            .ok("docker", "\(info.name), Engine \(info.serverVersion), API \(info.apiVersion), id \(info.id)")
        ]
        findings += [swarm(info), networkFinding(info), limits(info), clock].compactMap { $0 }
        return findings + images.map(Self.finding)
    }

    private var outOfReach: Finding {
        let problem = problem ?? "no answer"
        let isForbidden = problem.lowercased().contains("permission denied")
        if isSilent {
            return .outOfReach(
                "docker",
                "the Docker Engine accepts connections, but does not answer: \(problem)",
                mend: "see journalctl --unit docker, and whether dockerd is stopped; then systemctl restart docker"
            )
        }
        return .outOfReach(
            "docker",
            problem,
            mend: isForbidden
                ? "usermod --append --groups docker USER, for the user that runs the worker, and log in anew"
                : "systemctl start docker, or let DOCKER_HOST name the Engine"
        )
    }

    private func swarm(_ info: EngineInfo) -> Finding? {
        guard case .away(let word) = info.swarm else { return nil }
        return .warning(
            "swarm",
            "the Swarm state of the Engine is \(word): starts on an overlay network fail",
            mend: "docker info says why; let a manager of the Swarm answer"
        )
    }

    private func networkFinding(_ info: EngineInfo) -> Finding {
        let check = "network"
        switch networkState {
        case .usable("overlay"): return .ok(check, "\(network) is there, an overlay network of the Swarm")
        case .usable: return .ok(check, "\(network) is there")
        case .unlisted:
            let reason = "this Engine is a Swarm worker, and lists an overlay network only while a container uses it"
            return .ok(
                check,
                "\(network) is not listed here: \(reason). The first start shows whether the Swarm has it"
            )
        case .unusable(let problem):
            return .failure(check, problem, mend: networkRemedy(info.swarm))
        }
    }

    private func networkRemedy(_ swarm: SwarmState) -> String {
        switch swarm {
        case .away: "let a manager of the Swarm answer"
        case .none: "docker network create \(network), or let RTM_NETWORK name another"
        case .manager, .worker:
            "docker network create \(network) (for an overlay network, on a manager: --driver overlay --attachable), "
                + "or let RTM_NETWORK name another"
        }
    }

    private func limits(_ info: EngineInfo) -> Finding? {
        guard defaultCPUs > Double(info.cpus) || defaultMemory > info.memoryBytes else {
            let text = "\(info.cpus) CPUs, \(ShortSize.text(info.memoryBytes)) of memory"
            return .ok("machine", text)
        }
        return .failure(
            "machine",
            "RTM_CPU_QUOTA or RTM_MEMORY asks for more than the machine has "
                + "(\(info.cpus) CPUs, \(ShortSize.text(info.memoryBytes)))",
            mend: "lower them: else every start without limits of its own is refused"
        )
    }

    private var clock: Finding? {
        guard let clockOffset else { return nil }
        let size = Int64(clockOffset.magnitude)
        let text = "the Engine's clock and this machine's differ by \(ShortTime.span(milliseconds: size))"
        guard size >= 2_000 else { return .ok("engine clock", text) }
        return .warning(
            "engine clock",
            "\(text): times of events are wrong by that",
            mend: "let NTP set both: timedatectl set-ntp true"
        )
    }

    private static func finding(_ image: ImageFact) -> Finding {
        let check = "image"
        if let problem = image.problem {
            return .failure(
                check,
                "\(image.reference): \(problem)",
                mend: "mend the image's labels, or the operator's settings (RTM_ALLOWED_IMAGES, RTM_MAX_…)"
            )
        }
        guard !image.isPresent else { return .ok(check, "\(image.reference) is here") }
        return .warning(
            check,
            "\(image.reference) is not on the Engine: the first start pulls it",
            mend: "docker pull \(image.reference)"
        )
    }
}
