import DockerPort

/// A directory of the host below which jobs may mount.
package struct MountRoot: Sendable, Equatable {
    /// Absolute path, without empty, `.` and `..` components.
    package var path: String
    /// Whether jobs may mount it read-only alone. Then any depth below it may be mounted, and the root itself.
    package var isReadOnly: Bool

    package init(_ path: String, isReadOnly: Bool = false) {
        self.path = path
        self.isReadOnly = isReadOnly
    }

    /// Why a mount of `path` is not allowed by this root; nil where the root allows it.
    ///
    /// Below a root that can be written to, a mount names exactly one directory: nothing above that directory can be
    /// changed from inside a container, so no container can turn another's mount elsewhere.
    func problem(with path: [Substring], readOnly: Bool) -> String? {
        if isReadOnly { return readOnly ? nil : "may be mounted with read_only only, as all below \(self.path)" }
        let depth = path.count - (NodeSettings.components(self.path)?.count ?? 0)
        return depth == 1 ? nil : "must be a directory right below \(self.path), not deeper"
    }

    /// Whether `path` is this root or lies below it.
    func contains(_ path: [Substring]) -> Bool {
        guard let root = NodeSettings.components(self.path), !root.isEmpty else { return false }
        let isBelow = path.starts(with: root, by: isSameComponent)
        return isBelow && (isReadOnly || path.count > root.count)
    }
}

/// What an operator's directories must not be.
package enum MountRootRules {
    /// Directories of the host that hold its system, its secrets or its containers.
    package static let systemDirectories = [
        "/etc", "/proc", "/sys", "/dev", "/run", "/root", "/boot", "/usr", "/bin", "/sbin", "/lib", "/lib64",
        "/var/run", "/var/lib/docker",
    ]

    /// What is wrong with one of the operator's directories.
    package struct Problem: Sendable, Equatable {
        /// As the operator wrote it.
        package var path: String
        /// Whether the directory is the state root, not a mount root.
        package var isStateRoot: Bool
        /// To follow the path.
        package var reason: String
    }

    /// The directories that would let a job reach another game's files or the host's system.
    ///
    /// - Parameters:
    ///   - stateRoot: directory with one state folder a game.
    ///   - realPath: the path with every link on its way followed, as far as it exists.
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

    /// A directory by its real path.
    private struct Directory: Equatable {
        let written: String
        let components: [Substring]

        init(_ path: String, _ realPath: (String) -> String) {
            written = path
            components = pathComponents(realPath(path))
        }

        static func == (one: Directory, other: Directory) -> Bool { one.written == other.written }

        /// Whether the other is this one or lies in it.
        func contains(_ other: Directory) -> Bool { other.components.starts(with: components, by: isSameComponent) }

        func relation(to other: Directory, called name: String = "") -> String {
            if contains(other), other.contains(self) { return "is \(name)\(other.written)" }
            return contains(other) ? "contains \(name)\(other.written)" : "lies inside \(name)\(other.written)"
        }
    }
}
