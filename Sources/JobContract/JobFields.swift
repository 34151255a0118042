import Primitives

/// Reads a job from the members of its JSON object, field by field.
struct JobFields {
    let fields: Fields
    /// The prefix of a field's name in error messages, such as `limits.`.
    let path: String

    init(_ fields: Fields, path: String = "") {
        self.fields = fields
        self.path = path
    }

    /// Returns the job. The checks begin with the version and the kind, and the first failed check is thrown.
    func job() throws(Refusal) -> Job {
        guard fields.value("v") == .integer(1) else {
            throw Refusal(.unsupportedVersion, "v must be 1, the only version of the contract")
        }
        guard let kindName = fields.string("kind"), let kind = JobKind(rawValue: kindName) else {
            throw Refusal(
                .unknownKind,
                "kind must be one of \(JobKind.allCases.map(\.rawValue).joined(separator: ", "))"
            )
        }
        var job = Job(
            id: JobID(
                try text("id", "must be 1 to 128 of A-Z a-z 0-9 . _ : -, not beginning with invalid:", Syntax.isJobID)
            ),
            kind: kind,
            gameID: GameID(
                try text(
                    "game_id",
                    "must be 1 to 51 of a-z 0-9 -, beginning and ending with a letter or digit",
                    Syntax.isGameID
                )
            )
        )
        job.deadline = try instant("deadline")
        job.maxAttempts = try integer("max_attempts", 1...20) ?? Job.Defaults.maxAttempts
        if try instant("enqueued_at") != nil { job.enqueuedAt = fields.string("enqueued_at") }
        readTraceparent(into: &job)
        switch kind {
        case .start, .restart:
            try readStart(into: &job)
        case .stop, .remove:
            job.containerID = try optionalText("container_id", "must be 64 hex digits", Syntax.isContainerID)
                .map { ContainerID($0) }
        }
        if kind != .start {
            job.stopTimeoutSeconds = try integer("stop_timeout_seconds", 0...600) ?? Job.Defaults.stopTimeoutSeconds
        }
        if kind == .remove { job.force = try boolean("force") ?? false }
        if kind == .restart { job.given = Set(Job.StartField.allCases.filter { fields.value($0.rawValue) != nil }) }
        return job
    }

    /// Reads the trace context. An invalid context is ignored, as W3C demands: tracing must not cost a job.
    private func readTraceparent(into job: inout Job) {
        guard let value = fields.value("traceparent") else { return }
        if case .string(let text) = value, Syntax.isTraceparent(text) {
            job.traceparent = text
        } else {
            job.hasIgnoredTraceparent = true
        }
    }

    private func readStart(into job: inout Job) throws(Refusal) {
        if let reference = try optionalText("image", "must be an image reference") {
            guard let image = ImageReference(reference), image.hasValidRegistry else {
                throw refusal("image", "must be an image reference")
            }
            job.image = image
        } else if job.kind == .start {
            throw refusal("image", "must be given for a start")
        }
        job.pullPolicy =
            try optionalText("pull_policy", "must be if_missing, always or never") {
                ["if_missing", "always", "never"].contains($0)
            } ?? Job.Defaults.pullPolicy
        let env = try strings("env", atMost: 128) { name, value throws(Refusal) in
            guard Syntax.isEnvironmentName(name) else {
                throw self.refusal(
                    "env",
                    "the name \"\(name.cut(toBytes: 64))\" must be of the form [A-Za-z_][A-Za-z0-9_]*"
                )
            }
            guard !value.utf8.contains(0) else {
                throw self.refusal("env.\(name.cut(toBytes: 64))", "must not contain NUL")
            }
        }
        // The names are ASCII. So a dictionary, which compares by Unicode equivalence, keeps all of them apart.
        job.env = env.map { Dictionary($0) { _, last in last } }
        let labels = try strings("labels", atMost: 64) { name, value throws(Refusal) in
            guard !name.isEmpty, !name.utf8.contains(0), !value.utf8.contains(0) else {
                throw self.refusal("labels", "names must not be empty, names and values must not contain NUL")
            }
            guard !Syntax.isReservedLabel(name) else {
                throw self.refusal("labels.\(name.cut(toBytes: 64))", "is reserved for rtmanager or Docker")
            }
        }
        job.labels = labels.map { LabelMap($0) }
        let labelBytes = (job.labels ?? [:]).reduce(0) { $0 + $1.key.utf8.count + $1.value.utf8.count }
        guard labelBytes <= Self.mostLabelBytes else {
            throw refusal("labels", "have \(labelBytes) bytes in all; at most \(Self.mostLabelBytes) are taken")
        }
        job.cmd = try command()
        job.limits = try limits()
        job.bindMounts = try mounts()
        job.readyTimeoutSeconds = try integer("ready_timeout_seconds", 0...600) ?? 0
    }

    /// The greatest size of all labels, in bytes. Labels are in every list of containers and in every event.
    private static let mostLabelBytes = 4_096

    private func command() throws(Refusal) -> [String]? {
        guard let elements = try array("cmd", atMost: 64) else { return nil }
        var command: [String] = []
        for (index, element) in elements.enumerated() {
            guard case .string(let argument) = element, !argument.utf8.contains(0) else {
                throw refusal("cmd[\(index)]", "must be a string without NUL")
            }
            command.append(argument)
        }
        return command
    }

    private func limits() throws(Refusal) -> Job.Limits {
        guard let nested = try object("limits", allowing: ["cpu_quota", "memory", "pids_limit"]) else {
            return Job.Limits()
        }
        var limits = Job.Limits()
        switch nested.fields.value("cpu_quota") {
        case nil: break
        case .integer(let cpus) where cpus > 0: limits.cpuQuota = Double(cpus)
        case .number(let cpus) where cpus > 0: limits.cpuQuota = cpus
        default: throw nested.refusal("cpu_quota", "must be a number above 0")
        }
        limits.memory = try nested.optionalText("memory", "must be text such as 512m")
        limits.pidsLimit = try nested.integer("pids_limit", 1...Int(Int32.max))
        return limits
    }

    private func mounts() throws(Refusal) -> [Job.Mount]? {
        guard let elements = try array("bind_mounts", atMost: 64) else { return nil }
        var mounts: [Job.Mount] = []
        for (index, element) in elements.enumerated() {
            let name = "bind_mounts[\(index)]"
            guard case .object(let members) = element else { throw refusal(name, "must be an object") }
            let nested = JobFields(Fields(members), path: path + name + ".")
            try nested.allow(["host_path", "mount_path", "read_only"])
            mounts.append(
                Job.Mount(
                    hostPath: try nested.text("host_path", "must be an absolute path", isAbsolutePath),
                    mountPath: try nested.text("mount_path", "must be an absolute path", isAbsolutePath),
                    readOnly: try nested.boolean("read_only") ?? false
                )
            )
        }
        return mounts
    }

    private func isAbsolutePath(_ path: String) -> Bool {
        path.utf8.first == UInt8(ascii: "/") && path.utf8.count <= 4_096 && !path.utf8.contains(0)
    }
}
