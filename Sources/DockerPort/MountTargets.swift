/// Where nothing may be mounted in a container.
package enum MountTargets {
    /// Top-level directories of a container that hold its system.
    private static let protected: Set<String> = [
        "proc", "sys", "dev", "etc", "bin", "sbin", "usr", "lib", "lib32", "lib64", "libx32", "run", "boot",
    ]

    /// Whether an absolute, clean path is `/`, one of those directories, or lies in one.
    package static func isProtected(_ path: String) -> Bool {
        let components = pathComponents(path)
        guard let first = components.first else { return true }
        // In most images /var/run is a link to /run.
        return protected.contains(String(first)) || components.starts(with: ["var", "run"])
    }
}
