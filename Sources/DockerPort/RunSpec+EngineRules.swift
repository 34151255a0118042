import Primitives

extension RunSpec {
    /// Checks the rules of Docker beyond ``validate()``.
    ///
    /// Docker would silently misread some values: limits with the meaning "no limit", hostnames outside DNS, paths to
    /// another directory. Adapters refuse such specs before any call, with ``DockerError/Code/invalidSpec``.
    ///
    /// - Throws: ``Violation``.
    package func validateForEngine() throws(Violation) {
        try validate()
        try checkNames()
        try checkLimits()
        try checkLog()
        try checkValues()
        try checkMounts()
    }

    private func checkNames() throws(Violation) {
        try require(
            DockerNames.isContainerName(name) && !DockerNames.isContainerID(name),
            "name \(printable(name)) is no container name"
        )
        try require(ImageReference(image) != nil, "image \(printable(image)) is no image reference")
        try require(
            DockerNames.isHostname(hostname),
            "hostname \(printable(hostname)) is no DNS label of 1 to 63 of a-z 0-9 -"
        )
        try require(DockerNames.isNetwork(network), "network \(printable(network)) is no user-defined network")
        try require((1...65_535).contains(enginePort), "engine port \(enginePort) is not between 1 and 65535")
        if let published {
            try require(!published.address.isEmpty, "the address of the published port must not be empty")
            try require(
                (1...65_535).contains(published.port ?? 1),
                "published port \(published.port ?? 0) is not between 1 and 65535"
            )
        }
    }

    private func checkLimits() throws(Violation) {
        let cpus = ResourceBounds.cpus
        try require(
            cpus.contains(cpuQuota),
            "cpu quota \(cpuQuota) is not between \(cpus.lowerBound) and \(Int(cpus.upperBound))"
        )
        let size = MemorySize(memory)
        try require(size != nil, "memory \(printable(memory)) is no amount such as 512m")
        let least = ResourceBounds.leastMemory
        try require((size?.bytes ?? 0) >= least.bytes, "memory \(printable(memory)) is below \(least.text)")
        let pids = ResourceBounds.pids
        try require(
            pids.contains(pidsLimit),
            "pids limit \(pidsLimit) is not between \(pids.lowerBound) and \(pids.upperBound)"
        )
    }

    private func checkLog() throws(Violation) {
        try require(
            LogRules.drivers.contains(logDriver),
            "log driver \(printable(logDriver)) is none of \(LogRules.drivers.joined(separator: ", "))"
        )
        for (name, value) in logOpts.sorted(by: { $0.key < $1.key }) {
            try require(
                LogRules.allows(name, value, driver: logDriver),
                "log option \(printable(name))=\(printable(value)) is none that driver \(logDriver) may have"
            )
        }
    }

    private func checkValues() throws(Violation) {
        for (name, value) in env.sorted(by: { $0.key < $1.key }) {
            try require(
                !name.isEmpty && !name.utf8.contains(UInt8(ascii: "=")) && !hasNUL(name) && !hasNUL(value),
                "env \(printable(name)): a name is not empty and has no =, and neither name nor value has a NUL"
            )
        }
        for (index, argument) in cmd.enumerated() { try require(!hasNUL(argument), "cmd[\(index)] has a NUL") }
        for capability in hardening.capAdd {
            let isName = capability.utf8.allSatisfy { $0.isUpper || $0 == UInt8(ascii: "_") }
            try require(
                !capability.isEmpty && isName && capability != "ALL" && capability != "CAP_ALL",
                "capability \(printable(capability)) is no single capability such as CHOWN"
            )
        }
        if let user = hardening.user { try require(!user.isEmpty && !hasNUL(user), "user must not be empty") }
    }

    private func checkMounts() throws(Violation) {
        // Compared by bytes, like paths in the kernel.
        var targets: Set<[UInt8]> = []
        for (index, mount) in bindMounts.enumerated() {
            try checkPath(mount.hostPath, "bind mounts[\(index)]: host path")
            try checkPath(mount.mountPath, "bind mounts[\(index)]: mount path")
            try require(
                !MountTargets.isProtected(mount.mountPath),
                "bind mounts[\(index)]: mount path \(printable(mount.mountPath)) holds the container's system"
            )
            let isNew = targets.insert(Array(mount.mountPath.utf8)).inserted
            try require(isNew, "bind mounts[\(index)]: \(printable(mount.mountPath)) is mounted twice")
        }
    }

    /// Checks a path. Docker resolves `..`, so an unclean path would mount another directory than the visible one.
    private func checkPath(_ path: String, _ what: String) throws(Violation) {
        let isClean = pathComponents(path, keepingEmpty: true).allSatisfy { !$0.isEmpty && $0 != "." && $0 != ".." }
        try require(
            path.utf8.first == UInt8(ascii: "/") && isClean && !hasNUL(path),
            "\(what) \(printable(path)) is not absolute, is /, or has //, ., .. or a trailing / in it"
        )
    }

    private func hasNUL(_ text: String) -> Bool { text.utf8.contains(0) }
}
