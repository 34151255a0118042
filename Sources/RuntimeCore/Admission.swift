import DockerPort
public import JobContract

/// Checks a well-formed job against what the operator allows, before it is placed in its lane.
public struct Admission: Sendable {
    private let settings: NodeSettings
    private let translation: Translation

    public init(_ settings: NodeSettings) {
        self.settings = settings
        translation = Translation(settings)
    }

    /// Why the job is not allowed; nil where it is. Mounts, image, limits, then the spec's own validation.
    public func refusal(of job: Job) -> Rejection? {
        guard job.kind.startsGame else { return nil }
        if let problem = ResolvedLimits.problem(with: job.limits) { return rejection(of: job, .invalidJob, problem) }
        for (index, mount) in (job.bindMounts ?? []).enumerated() {
            if let problem = mountProblem(mount) {
                return rejection(of: job, .mountNotAllowed, "bind_mounts[\(index)]: \(problem)")
            }
        }
        if let reference = job.image?.description, !allowsImage(reference) {
            return rejection(of: job, .imageNotAllowed, "image \(reference) is not among those that this fleet allows")
        }
        do throws(JobFailure) {
            _ = try ResolvedLimits.resolve(job: job.limits, imageLabels: [:], settings: settings)
            // What a restart without an image starts is known at its turn only.
            guard job.image != nil else { return nil }
            _ = try translation.runSpec(for: job, imageLabels: [:])
            return nil
        } catch {
            return rejection(of: job, error.code, error.message)
        }
    }

    private func allowsImage(_ reference: String) -> Bool {
        settings.allowedImages.isEmpty || settings.allowedImages.contains { Glob($0).matches(reference) }
    }

    private func rejection(of job: Job, _ code: ErrorCode, _ message: String) -> Rejection {
        Rejection(id: job.id, kind: job.kind, gameID: job.gameID, code: code, error: message)
    }

    private func mountProblem(_ mount: Job.Mount) -> String? {
        guard NodeSettings.components(mount.hostPath) != nil else {
            return "host_path must be absolute, without empty, . and .. components"
        }
        guard let target = NodeSettings.components(mount.mountPath), !target.isEmpty else {
            return "mount_path must be absolute, not /, without empty, . and .. components"
        }
        guard settings.mountRoot(of: mount.hostPath) != nil else {
            return "host_path \(mount.hostPath) is not below a root that this fleet allows"
        }
        guard !MountTargets.isProtected(mount.mountPath) else {
            return "mount_path \(mount.mountPath) may not be covered: it holds the container's system"
        }
        if let state = NodeSettings.components(settings.stateMount),
            target.starts(with: state) || state.starts(with: target)
        {
            return "mount_path \(mount.mountPath) would cover the state folder"
        }
        return nil
    }
}

/// A pattern over a whole text: `*` stands for any run of characters but `/`, `**` for any run, `?` for
/// one character but `/`.
struct Glob {
    private let pattern: [UInt8]

    init(_ pattern: String) { self.pattern = Array(pattern.utf8) }

    func matches(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        // One row per pattern position, so that no pattern takes more than pattern times text steps.
        var reachable = Set([0])
        var position = 0
        while position < pattern.count, !reachable.isEmpty {
            if pattern[position] == UInt8(ascii: "*") {
                let crosses = position + 1 < pattern.count && pattern[position + 1] == UInt8(ascii: "*")
                reachable = Self.spread(reachable, over: bytes, crossingSlashes: crosses)
                position += crosses ? 2 : 1
                continue
            }
            let wanted = pattern[position]
            reachable = Set(
                reachable.compactMap { index in
                    guard index < bytes.count else { return nil }
                    let fits = wanted == UInt8(ascii: "?") ? bytes[index] != UInt8(ascii: "/") : bytes[index] == wanted
                    return fits ? index + 1 : nil
                }
            )
            position += 1
        }
        return reachable.contains(bytes.count)
    }

    private static func spread(_ starts: Set<Int>, over bytes: [UInt8], crossingSlashes: Bool) -> Set<Int> {
        var reached = starts
        for start in starts {
            var index = start
            while index < bytes.count, crossingSlashes || bytes[index] != UInt8(ascii: "/") {
                index += 1
                guard reached.insert(index).inserted else { break }
            }
        }
        return reached
    }
}
