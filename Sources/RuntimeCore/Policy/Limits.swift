import DockerPort
import JobContract
import Primitives

/// Limits of one container, each one checked. A value that Docker would read as "no limit" cannot be made.
struct ResolvedLimits: Equatable {
    var cpuQuota: Double
    var memory: String
    var pidsLimit: Int

    /// The job's limits, else the image's, else the node's; each checked against the node's maximum.
    ///
    /// - Throws: `limit_exceeded` above a maximum, `invalid_spec` for an image's label that cannot be read.
    static func resolve(
        job: Job.Limits,
        imageLabels: LabelMap,
        settings: NodeSettings
    ) throws(JobFailure) -> ResolvedLimits {
        let image = try imageLimits(imageLabels)
        let limits = ResolvedLimits(
            cpuQuota: job.cpuQuota ?? image.cpuQuota ?? settings.defaultLimits.cpuQuota,
            memory: job.memory ?? image.memory ?? settings.defaultLimits.memory,
            pidsLimit: job.pidsLimit ?? image.pidsLimit ?? settings.defaultLimits.pidsLimit
        )
        try limits.check(against: settings.maximumLimits)
        return limits
    }

    /// The first reason why a job's own limits would fail open or cannot be read.
    static func problem(with limits: Job.Limits) -> String? {
        if let cpus = limits.cpuQuota, !(cpus >= ResourceBounds.cpus.lowerBound) {
            return
                "limits.cpu_quota: must be at least \(ResourceBounds.cpus.lowerBound); Docker takes less for no limit"
        }
        if let memory = limits.memory {
            guard let size = MemorySize(memory) else {
                return "limits.memory: must be a whole number with b, k, m or g, such as 512m"
            }
            let least = ResourceBounds.leastMemory
            guard size.bytes >= least.bytes else { return "limits.memory: must be at least \(least.text)" }
        }
        let bounds = ResourceBounds.pids
        if let pids = limits.pidsLimit, !bounds.contains(pids) {
            return "limits.pids_limit: must be from \(bounds.lowerBound) to \(bounds.upperBound)"
        }
        return nil
    }

    private static func imageLimits(_ labels: LabelMap) throws(JobFailure) -> Job.Limits {
        var limits = Job.Limits()
        if let text = labels[GalaxyLabel.cpuQuota] {
            guard let cpus = DecimalNumber.fraction(text) else { throw unreadable(GalaxyLabel.cpuQuota, text) }
            limits.cpuQuota = cpus
        }
        limits.memory = labels[GalaxyLabel.memory]
        if let text = labels[GalaxyLabel.pidsLimit] {
            guard let pids = DecimalNumber.integer(text) else { throw unreadable(GalaxyLabel.pidsLimit, text) }
            limits.pidsLimit = pids
        }
        if let problem = problem(with: limits) {
            throw JobFailure(.invalidSpec, "a label of the image asks for an impossible limit: \(problem)")
        }
        return limits
    }

    private static func unreadable(_ label: String, _ text: String) -> JobFailure {
        JobFailure(
            .invalidSpec,
            "the image's label \(label) is \"\(printable(text, limit: 64))\", which is no decimal number"
        )
    }

    private func check(against maximum: NodeSettings.MaximumLimits) throws(JobFailure) {
        if let most = maximum.cpuQuota, cpuQuota > most {
            throw JobFailure(.limitExceeded, "cpu_quota \(cpuQuota) is above the \(most) that this fleet allows")
        }
        if let most = maximum.memory.flatMap(MemorySize.init), let asked = MemorySize(memory), asked.bytes > most.bytes
        {
            let bound = most.text(inUnitOf: asked)
            throw JobFailure(.limitExceeded, "memory \(memory) is above the \(bound) that this fleet allows")
        }
        if let most = maximum.pidsLimit, pidsLimit > most {
            throw JobFailure(.limitExceeded, "pids_limit \(pidsLimit) is above the \(most) that this fleet allows")
        }
    }
}
