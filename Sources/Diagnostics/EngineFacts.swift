import DockerPort
import Terminal

/// The facts about the Docker Engine for the doctor.
package struct EngineFacts: Sendable, Equatable {
    /// The Docker Engine's description; nil: the Docker Engine did not answer, and ``problem`` has the reason.
    var info: EngineInfo?
    var problem: String?
    var address = ""
    var network = ""
    /// The reason why containers cannot join the network; nil: the network is usable.
    var networkProblem: String?
    /// The requested images, with the doctor's results.
    var images: [ImageFact] = []
    /// The Docker Engine's clock minus this machine's clock, in milliseconds; nil: unknown.
    var clockOffset: Int64?
    var defaultCPUs = 0.0
    var defaultMemory: Int64 = 0

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
        findings += [networkFinding, limits(info), clock].compactMap { $0 }
        return findings + images.map(Self.finding)
    }

    private var outOfReach: Finding {
        let problem = problem ?? "no answer"
        let isForbidden = problem.lowercased().contains("permission denied")
        return .outOfReach(
            "docker",
            problem,
            mend: isForbidden
                ? "usermod --append --groups docker USER, for the user that runs the worker, and log in anew"
                : "systemctl start docker, or let DOCKER_HOST name the Engine"
        )
    }

    private var networkFinding: Finding {
        guard let networkProblem else { return .ok("network", "\(network) is there") }
        return .failure(
            "network",
            networkProblem,
            mend: "docker network create \(network), or let RTM_NETWORK name another"
        )
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
