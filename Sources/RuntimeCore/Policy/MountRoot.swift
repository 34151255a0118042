import DockerPort

/// A host directory with mounts allowed below the directory.
package struct MountRoot: Sendable, Equatable {
    /// Absolute path, without empty, `.` and `..` components.
    package var path: String
    /// Whether only read-only mounts are allowed. Jobs may then mount the root itself and directories at any depth.
    package var isReadOnly: Bool

    package init(_ path: String, isReadOnly: Bool = false) {
        self.path = path
        self.isReadOnly = isReadOnly
    }

    /// Returns the reason for which the root refuses a mount of `path`, or nil if the root allows the mount.
    ///
    /// Below a writable root, a mount must be a direct child of the root. Containers can then never change a directory
    /// above a mount, so no container can redirect another container's mount.
    func problem(with path: [Substring], readOnly: Bool) -> String? {
        if isReadOnly { return readOnly ? nil : "may be mounted with read_only only, as all below \(self.path)" }
        let depth = path.count - (NodeSettings.components(self.path)?.count ?? 0)
        return depth == 1 ? nil : "must be a directory right below \(self.path), not deeper"
    }

    /// Returns whether a mount of `path` falls under this root. The root itself counts only if read-only.
    func contains(_ path: [Substring]) -> Bool {
        guard let root = NodeSettings.components(self.path), !root.isEmpty else { return false }
        let isBelow = path.starts(with: root, by: isSameComponent)
        return isBelow && (isReadOnly || path.count > root.count)
    }
}

/// The rules for the operator's directories.
package enum MountRootRules {
    /// Host directories of the system, its secrets or its containers.
    package static let systemDirectories = [
        "/etc", "/proc", "/sys", "/dev", "/run", "/root", "/boot", "/usr", "/bin", "/sbin", "/lib", "/lib64",
        "/var/run", "/var/lib/docker",
    ]

    /// A problem with a directory of the operator.
    package struct Problem: Sendable, Equatable {
        /// The path in the operator's spelling.
        package var path: String
        /// Whether the directory is the state root, not a mount root.
        package var isStateRoot: Bool
        /// The reason, worded to follow the path in a sentence.
        package var reason: String
    }

    /// Returns the directories through which a job could reach another game's files or the host's system.
    ///
    /// - Parameters:
    ///   - stateRoot: Directory with a state folder for each game.
    ///   - realPath: Returns a path with all links resolved, as far as the path exists.
    package static func problems(
        roots: [MountRoot],
        stateRoot: String,
        realPath: (String) -> String
    ) -> [Problem] {
        let system = systemDirectories.map { Directory($0, realPath) }
        let state = Directory(stateRoot, realPath)
        var earlier: [Directory] = []
        var problems: [Problem] = []
        if let found = system.first(where: state.contains) {
            problems.append(Problem(path: stateRoot, isStateRoot: true, reason: state.relation(to: found)))
        }
        for root in roots {
            let directory = Directory(root.path, realPath)
            let covered = system.first(where: directory.contains)
            let overlapping = ([state] + earlier).first { $0.contains(directory) || directory.contains($0) }
            if let found = covered ?? overlapping {
                let name = found == state ? "the state root " : ""
                problems.append(
                    Problem(path: root.path, isStateRoot: false, reason: directory.relation(to: found, called: name))
                )
            }
            earlier.append(directory)
        }
        return problems
    }

    /// A directory, identified by its real path.
    private struct Directory: Equatable {
        let written: String
        let components: [Substring]

        init(_ path: String, _ realPath: (String) -> String) {
            written = path
            components = pathComponents(realPath(path))
        }

        static func == (one: Directory, other: Directory) -> Bool { one.written == other.written }

        /// Returns whether `other` is this directory or lies inside.
        func contains(_ other: Directory) -> Bool { other.components.starts(with: components, by: isSameComponent) }

        func relation(to other: Directory, called name: String = "") -> String {
            if contains(other), other.contains(self) { return "is \(name)\(other.written)" }
            return contains(other) ? "contains \(name)\(other.written)" : "lies inside \(name)\(other.written)"
        }
    }
}
