extension RunSpec {
    /// A rule of ``RunSpec/validate()`` that a spec breaks.
    package struct Violation: Error, Sendable, Equatable, CustomStringConvertible {
        /// What is wrong, as `run spec: name must not be empty`.
        package let description: String
    }

    /// Checks the structure that ``DockerClient/run(_:)`` relies on; the first rule that is broken decides.
    ///
    /// - Throws: ``Violation`` with the wording of the port's reference.
    package func validate() throws(Violation) {
        try require(!name.isEmpty, "name must not be empty")
        try require(!image.isEmpty, "image must not be empty")
        try require(!hostname.isEmpty, "hostname must not be empty")
        try require(!network.isEmpty, "network must not be empty")
        try require(!logDriver.isEmpty, "log driver must not be empty")
        // Written so that a quota that is not a number fails as well.
        try require(cpuQuota > 0, "cpu quota must be positive")
        try require(!memory.isEmpty, "memory must not be empty")
        try require(pidsLimit > 0, "pids limit must be positive")
        for (index, mount) in bindMounts.enumerated() {
            try require(!mount.hostPath.isEmpty, "bind mounts[\(index)]: host path must not be empty")
            try require(!mount.mountPath.isEmpty, "bind mounts[\(index)]: mount path must not be empty")
        }
    }

    /// - Parameter rule: made only where it is broken: every job is checked, nearly all are right.
    func require(_ holds: Bool, _ rule: @autoclosure () -> String) throws(Violation) {
        guard holds else { throw Violation(description: "run spec: \(rule())") }
    }
}
