extension RunSpec {
    /// A broken rule of ``RunSpec/validate()``.
    package struct Violation: Error, Sendable, Equatable, CustomStringConvertible {
        /// The description of the problem, for example `run spec: name must not be empty`.
        package let description: String
    }

    /// Checks the structure required by ``DockerClient/run(_:)``. Only the first broken rule is reported.
    ///
    /// - Throws: ``Violation`` with the wording of the port's reference.
    package func validate() throws(Violation) {
        try require(!name.isEmpty, "name must not be empty")
        try require(!image.isEmpty, "image must not be empty")
        try require(!hostname.isEmpty, "hostname must not be empty")
        try require(!network.isEmpty, "network must not be empty")
        try require(!logDriver.isEmpty, "log driver must not be empty")
        // This comparison also fails for NaN.
        try require(cpuQuota > 0, "cpu quota must be positive")
        try require(!memory.isEmpty, "memory must not be empty")
        try require(pidsLimit > 0, "pids limit must be positive")
        for (index, mount) in bindMounts.enumerated() {
            try require(!mount.hostPath.isEmpty, "bind mounts[\(index)]: host path must not be empty")
            try require(!mount.mountPath.isEmpty, "bind mounts[\(index)]: mount path must not be empty")
        }
    }

    /// Throws a violation unless `holds`.
    ///
    /// - Parameter rule: The description. An autoclosure, because every job is checked and almost all jobs are valid.
    func require(_ holds: Bool, _ rule: @autoclosure () -> String) throws(Violation) {
        guard holds else { throw Violation(description: "run spec: \(rule())") }
    }
}
