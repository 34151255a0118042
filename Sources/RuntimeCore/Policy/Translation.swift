import DockerPort
import JobContract
import Primitives

/// Translates a job into the spec of its container. Pure: the labels of the image are a parameter.
///
/// Checks no policy, so only ``Policy`` uses this type.
struct Translation: Sendable {
    private let settings: NodeSettings

    init(_ settings: NodeSettings) { self.settings = settings }

    /// Returns the spec of the container requested by `job`.
    ///
    /// - Parameter imageLabels: Labels of the image, including limits and port.
    /// - Throws: `limit_exceeded`, `invalid_spec`, `start_failed` for too long labels of the image, or `invalid_job`
    ///   for a start without an image.
    func runSpec(for job: Job, imageLabels: LabelMap) throws(JobFailure) -> RunSpec {
        guard let image = job.image else { throw JobFailure(.invalidJob, "image: must be given for a start") }
        try ImageRule.check(imageLabels)
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
            hardening: settings.hardening,
            published: settings.advertised?.published
        )
        do throws(RunSpec.Violation) {
            try spec.validateForEngine()
        } catch {
            throw JobFailure(.invalidSpec, error.description)
        }
        return spec
    }

    /// Returns whether the port is of the node's range.
    func publishes(_ port: Int) -> Bool { settings.advertised?.ports?.contains(port) ?? false }

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
        labels[GalaxyLabel.gameID] = job.gameID.text
        labels[GalaxyLabel.jobID] = job.id.text
        labels[GalaxyLabel.spec] = Self.specDigest(of: job)
        labels[GalaxyLabel.advertised] = settings.advertised?.host
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

    /// Returns the digest of the job's request: image, cmd, env, labels, limits and mounts.
    ///
    /// A start compares digests to recognize a running container with the same request. The job's id and the worker's
    /// settings are not part of the digest.
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
        let digest = Digest.sha256(JSONText.array(parts).utf8)
        return "sha256:" + Hex.string(digest)
    }
}
