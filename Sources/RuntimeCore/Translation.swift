import Primitives
import Crypto
import DockerPort
import JobContract

/// Turns a job into the spec of its container. Pure: what the image says comes in as its labels.
///
/// It checks no policy, so only ``Policy`` uses it.
struct Translation: Sendable {
    private let settings: NodeSettings

    init(_ settings: NodeSettings) { self.settings = settings }

    /// The spec of the container that `job` asks for.
    ///
    /// - Parameter imageLabels: labels of the image, of which limits and port are read.
    /// - Throws: `limit_exceeded`, `invalid_spec`, or `invalid_job` for a start without an image.
    func runSpec(for job: Job, imageLabels: LabelMap) throws(JobFailure) -> RunSpec {
        guard let image = job.image else { throw JobFailure(.invalidJob, "image: must be given for a start") }
        try ImageLabelRule.check(imageLabels)
        let limits = try ResolvedLimits.resolve(job: job.limits, imageLabels: imageLabels, settings: settings)
        let name = settings.containerName(gameID: job.gameID)
        let spec = RunSpec(
            name: name,
            image: image.description,
            hostname: name,
            network: settings.network,
            env: environment(for: job),
            cmd: job.cmd ?? [],
            labels: labels(for: job),
            bindMounts: mounts(for: job),
            logDriver: settings.logDriver,
            logOpts: settings.logOpts,
            cpuQuota: limits.cpuQuota,
            memory: limits.memory,
            pidsLimit: limits.pidsLimit,
            enginePort: try enginePort(imageLabels),
            hardening: settings.hardening
        )
        do throws(RunSpec.Violation) {
            try spec.validateForEngine()
        } catch {
            throw JobFailure(.invalidSpec, error.description)
        }
        return spec
    }

    private func environment(for job: Job) -> [String: String] {
        var environment = settings.env
        environment["GAME_STATE_PATH"] = settings.stateMount
        environment["STORAGE_PATH"] = settings.stateMount
        environment.merge(job.env ?? [:]) { _, jobs in jobs }
        return environment
    }

    private func labels(for job: Job) -> LabelMap {
        var labels = job.labels ?? [:]
        labels[GalaxyLabel.owner] = GalaxyLabel.ownerValue
        labels[GalaxyLabel.namespace] = settings.namespace
        labels[GalaxyLabel.gameID] = job.gameID
        labels[GalaxyLabel.jobID] = job.id
        labels[GalaxyLabel.spec] = Self.specDigest(of: job)
        return labels
    }

    private func mounts(for job: Job) -> [BindMount] {
        let state = BindMount(
            hostPath: settings.stateFolder(gameID: job.gameID),
            mountPath: settings.stateMount,
            root: settings.stateRoot
        )
        let asked = (job.bindMounts ?? []).map {
            BindMount(
                hostPath: $0.hostPath,
                mountPath: $0.mountPath,
                readOnly: $0.readOnly,
                root: settings.mountRoot(of: $0.hostPath)?.path
            )
        }
        return [state] + asked
    }

    private func enginePort(_ imageLabels: LabelMap) throws(JobFailure) -> Int {
        guard let text = imageLabels[GalaxyLabel.port] else { return settings.enginePort }
        guard let port = DecimalNumber.integer(text), (1...65_535).contains(port) else {
            throw JobFailure(
                .invalidSpec,
                "the image's label \(GalaxyLabel.port) is \"\(printable(text, limit: 64))\", which is no port"
            )
        }
        return port
    }

    /// Digest of what a job asks for, by which a container that runs it already is known again: image,
    /// cmd, env, labels, limits and mounts; neither the job's id nor the worker's settings.
    static func specDigest(of job: Job) -> String {
        let mounts = (job.bindMounts ?? []).map {
            JSONText.array([$0.hostPath, $0.mountPath, $0.readOnly ? "ro" : "rw"])
        }
        let parts = [
            job.image?.description ?? "",
            JSONText.array(job.cmd ?? []),
            JSONText.object(job.env ?? [:]),
            (job.labels ?? [:]).json,
            job.limits.cpuQuota.map { "\($0)" } ?? "",
            job.limits.memory ?? "",
            job.limits.pidsLimit.map(String.init) ?? "",
            "[" + mounts.joined(separator: ",") + "]",
        ]
        let digest = SHA256.hash(data: Array(JSONText.array(parts).utf8))
        return "sha256:" + digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
