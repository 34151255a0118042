/// The rules for mount paths inside a container.
package enum MountTargets {
    /// Top-level directories of a container's system.
    private static let protected: Set<String> = [
        "proc", "sys", "dev", "etc", "bin", "sbin", "usr", "lib", "lib32", "lib64", "libx32", "run", "boot",
    ]

    /// Returns whether an absolute, clean path is `/`, a protected directory, or a path inside a protected directory.
    package static func isProtected(_ path: String) -> Bool {
        let components = pathComponents(path)
        guard let first = components.first else { return true }
        // In most images /var/run is a link to /run.
        return protected.contains(String(first)) || components.starts(with: ["var", "run"])
    }
}
