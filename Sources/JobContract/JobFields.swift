import Primitives

/// Reads a job from the members of its JSON object, field by field.
struct JobFields {
    private let fields: Fields
    /// The prefix of a field's name in error messages, such as `limits.`.
    private let path: String

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
            gameID: try text(
                "game_id",
                "must be 1 to 51 of a-z 0-9 -, beginning and ending with a letter or digit",
                Syntax.isGameID
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

// MARK: - Typed reads of one field

extension JobFields {
    fileprivate func refusal(_ name: String, _ sentence: String) -> Refusal { .field(path + name, sentence) }

    fileprivate func text(
        _ name: String,
        _ rule: String,
        _ holds: (String) -> Bool = { _ in true }
    ) throws(Refusal) -> String {
        guard let text = try optionalText(name, rule, holds) else { throw refusal(name, "is missing; \(rule)") }
        return text
    }

    fileprivate func optionalText(
        _ name: String,
        _ rule: String,
        _ holds: (String) -> Bool = { _ in true }
    ) throws(Refusal) -> String? {
        switch fields.value(name) {
        case nil: return nil
        case .string(let text) where holds(text): return text
        case .string: throw refusal(name, rule)
        case .some(let other): throw refusal(name, "must be a string, not \(other.typeName)")
        }
    }

    fileprivate func integer(_ name: String, _ range: ClosedRange<Int>) throws(Refusal) -> Int? {
        switch fields.value(name) {
        case nil: return nil
        case .integer(let integer) where range.contains(Int(integer)): return Int(integer)
        default: throw refusal(name, "must be a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
    }

    fileprivate func boolean(_ name: String) throws(Refusal) -> Bool? {
        switch fields.value(name) {
        case nil: return nil
        case .bool(let value): return value
        default: throw refusal(name, "must be true or false")
        }
    }

    fileprivate func instant(_ name: String) throws(Refusal) -> Timestamp? {
        guard let text = try optionalText(name, "must be an RFC 3339 date and time") else { return nil }
        guard let instant = Timestamp(rfc3339: text) else {
            throw refusal(name, "must be an RFC 3339 date and time such as 2026-05-04T03:02:01Z")
        }
        return instant
    }

    fileprivate func array(_ name: String, atMost limit: Int) throws(Refusal) -> [JSONValue]? {
        switch fields.value(name) {
        case nil: return nil
        case .array(let elements) where elements.count <= limit: return elements
        case .array(let elements): throw refusal(name, "has \(elements.count) elements; at most \(limit) are taken")
        case .some(let other): throw refusal(name, "must be an array, not \(other.typeName)")
        }
    }

    /// Returns the members of an object of strings, after calling `check` for each member.
    fileprivate func strings(
        _ name: String,
        atMost limit: Int,
        check: (String, String) throws(Refusal) -> Void
    ) throws(Refusal) -> [LabelMap.Element]? {
        let members: [JSONValue.Member]
        switch fields.value(name) {
        case nil: return nil
        case .object(let found): members = found
        case .some(let other): throw refusal(name, "must be an object of strings, not \(other.typeName)")
        }
        guard members.count <= limit else {
            throw refusal(name, "has \(members.count) members; at most \(limit) are taken")
        }
        var strings: [LabelMap.Element] = []
        for member in members {
            guard case .string(let value) = member.value else {
                throw refusal(
                    "\(name).\(member.name.cut(toBytes: 64))",
                    "must be a string, not \(member.value.typeName)"
                )
            }
            try check(member.name, value)
            strings.append((key: member.name, value: value))
        }
        return strings
    }

    /// Returns a nested object. Unknown fields are refused, because a misspelt limit would mean no limit.
    fileprivate func object(_ name: String, allowing names: Set<String>) throws(Refusal) -> JobFields? {
        switch fields.value(name) {
        case nil: return nil
        case .object(let members):
            let nested = JobFields(Fields(members), path: path + name + ".")
            try nested.allow(names)
            return nested
        case .some(let other): throw refusal(name, "must be an object, not \(other.typeName)")
        }
    }

    fileprivate func allow(_ names: Set<String>) throws(Refusal) {
        if let unknown = fields.members.first(where: { !names.contains($0.name) }) {
            throw refusal(
                unknown.name.cut(toBytes: 64),
                "is unknown here; known are \(names.sorted().joined(separator: ", "))"
            )
        }
    }
}
