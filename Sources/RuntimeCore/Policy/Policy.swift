import DockerPort
import JobContract
import Primitives

/// The rules of a worker's operator for jobs.
///
/// Workers ask the policy twice. At admission, ``refusal(of:)`` checks a job before the job enters its lane. Before
/// each attempt, ``allow(_:)`` checks the job on the worker that runs the job. Only ``allow(_:)`` leads to a spec, so
/// no container bypasses the policy.
package struct Policy: Sendable {
    private let settings: NodeSettings
    private let translation: Translation

    package init(_ settings: NodeSettings) {
        self.settings = settings
        translation = Translation(settings)
    }

    /// Returns the reason against an admission of the job, or nil.
    ///
    /// For a start or restart, the order of the checks is: impossible limits, mounts, image, labels, time-outs, maximum
    /// limits, the spec's own validation. A stop or remove has only time-outs to check.
    package func refusal(of job: Job) -> Rejection? {
        guard let failure = failure(of: job) else { return nil }
        return Rejection(id: job.id, kind: job.kind, gameID: job.gameID, code: failure.code, error: failure.message)
    }

    /// Returns the permitted start for a start or restart.
    ///
    /// - Parameter job: The job. A restart already contains the missing values of the game's last start.
    /// - Throws: ``JobFailure`` with the code of the broken rule. No later attempt on this worker can succeed.
    package func allow(_ job: Job) throws(JobFailure) -> AllowedStart {
        guard job.kind.startsGame, let image = job.image, let pullPolicy = PullPolicy(rawValue: job.pullPolicy) else {
            throw JobFailure(.invalidJob, "image: must be given for a start")
        }
        if let failure = failure(of: job) { throw failure }
        return AllowedStart(job: job, image: image.description, pullPolicy: pullPolicy, translation: translation)
    }

    /// Returns the failure of the first broken rule, or nil if the job is allowed.
    private func failure(of job: Job) -> JobFailure? {
        guard job.kind.startsGame else { return timeoutFailure(job) }
        if let problem = ResolvedLimits.problem(with: job.limits) { return JobFailure(.invalidJob, problem) }
        for (index, mount) in (job.bindMounts ?? []).enumerated() {
            if let problem = mountProblem(mount) {
                return JobFailure(.mountNotAllowed, "bind_mounts[\(index)]: \(problem)")
            }
        }
        if let problem = nestedMountProblem(job.bindMounts ?? []) { return JobFailure(.mountNotAllowed, problem) }
        if let failure = imageFailure(job) ?? labelFailure(job) ?? timeoutFailure(job) { return failure }
        do throws(JobFailure) {
            _ = try ResolvedLimits.resolve(job: job.limits, imageLabels: [:], settings: settings)
            // A restart without an image learns its image only at its turn.
            guard job.image != nil else { return nil }
            _ = try translation.runSpec(for: job, imageLabels: [:])
            return nil
        } catch {
            return error
        }
    }

    private func imageFailure(_ job: Job) -> JobFailure? {
        guard let image = job.image else { return nil }
        let patterns = settings.allowedImages
        let isAllowed =
            patterns.isEmpty
            ? ImagePattern.isAllowedByDefault(image) : patterns.contains { ImagePattern($0).allows(image) }
        guard !isAllowed else { return nil }
        let reason =
            patterns.isEmpty
            ? "of a registry at an address of its own, which RTM_ALLOWED_IMAGES of this worker has to name"
            : "not among those that this worker allows"
        return JobFailure(.imageNotAllowed, "image \(image) is \(reason)")
    }

    private func labelFailure(_ job: Job) -> JobFailure? {
        guard let name = job.labels?.keys.first(where: { !settings.labelRules.allows($0) }) else { return nil }
        return JobFailure(.labelNotAllowed, "labels.\(name.prefix(64)): this worker does not allow this label")
    }

    private func timeoutFailure(_ job: Job) -> JobFailure? {
        func failure(_ field: String, _ seconds: Int, _ most: Int) -> JobFailure? {
            guard seconds > most else { return nil }
            return JobFailure(.limitExceeded, "\(field) \(seconds) is above the \(most) that this worker allows")
        }
        let stops = job.kind != .start
        return (stops ? failure("stop_timeout_seconds", job.stopTimeoutSeconds, settings.maximumStopTimeout) : nil)
            ?? failure("ready_timeout_seconds", job.readyTimeoutSeconds, settings.maximumReadyTimeout)
    }

    /// Returns why a mount inside another mount is refused, or nil if there is none.
    ///
    /// A game can write to the outer mount and swap a directory there for a link while another container starts. The
    /// container runtime would then create the inner mount's directory outside the container.
    private func nestedMountProblem(_ mounts: [Job.Mount]) -> String? {
        let targets = mounts.map { NodeSettings.components($0.mountPath) ?? [] }
        for (index, inner) in targets.enumerated() {
            for outer in targets
            where inner.count > outer.count && !outer.isEmpty && inner.starts(with: outer, by: isSameComponent) {
                return "bind_mounts[\(index)]: mount_path \(mounts[index].mountPath) lies inside the mount /"
                    + outer.joined(separator: "/")
            }
        }
        return nil
    }

    private func mountProblem(_ mount: Job.Mount) -> String? {
        guard let path = NodeSettings.components(mount.hostPath) else {
            return "host_path must be absolute, without empty, . and .. components"
        }
        guard let target = NodeSettings.components(mount.mountPath), !target.isEmpty else {
            return "mount_path must be absolute, not /, without empty, . and .. components"
        }
        guard let root = settings.mountRoot(of: mount.hostPath) else {
            return "host_path \(mount.hostPath) is not below a root that this worker allows"
        }
        if let problem = root.problem(with: path, readOnly: mount.readOnly) {
            return "host_path \(mount.hostPath) \(problem)"
        }
        guard !MountTargets.isProtected(mount.mountPath) else {
            return "mount_path \(mount.mountPath) may not be covered: it holds the container's system"
        }
        if let state = NodeSettings.components(settings.stateMount),
            target.starts(with: state, by: isSameComponent) || state.starts(with: target, by: isSameComponent)
        {
            return "mount_path \(mount.mountPath) would cover the state folder"
        }
        return nil
    }
}

/// A start permitted by the policy of the worker that runs the job. Only ``Policy/allow(_:)`` creates values.
package struct AllowedStart: Sendable {
    /// The job. A restart already contains the missing values of the game's last start.
    package let job: Job
    /// Reference of the image.
    package let image: String
    package let pullPolicy: PullPolicy
    private let translation: Translation

    fileprivate init(job: Job, image: String, pullPolicy: PullPolicy, translation: Translation) {
        self.job = job
        self.image = image
        self.pullPolicy = pullPolicy
        self.translation = translation
    }

    /// Returns the spec of the container.
    ///
    /// - Parameters:
    ///   - image: The inspected image. Limits and port come from the image's labels.
    ///   - fence: The number of the claim, for the container's label; nil: no label, for a spec without a container.
    ///   - port: The port of the host reserved for the game; nil: none.
    /// - Throws: `limit_exceeded`, `invalid_spec` or `start_failed`.
    package func spec(on image: ImageInspect, fence: Int64? = nil, port: Int? = nil) throws(JobFailure) -> RunSpec {
        try ImageRule.check(image)
        var spec = try translation.runSpec(for: job, imageLabels: image.labels)
        spec.labels[GalaxyLabel.fence] = fence.map(String.init)
        if let port, translation.publishes(port) { spec.published?.port = port }
        spec.imageID = image.id
        spec.healthcheck = image.slowedHealthcheck
        return spec
    }
}
