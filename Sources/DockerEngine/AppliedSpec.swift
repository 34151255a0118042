import DockerPort

extension ContainerAnswer {
    /// What the Engine made otherwise than asked, beside the limits, as a sentence; nil where nothing. It ignores
    /// fields that it does not know, so what matters is looked at.
    func difference(from spec: RunSpec) -> String? {
        var parts: [String] = []
        let host = hostConfig
        if host?.privileged == true { parts.append("it is privileged") }
        if spec.hardening.readOnlyRootfs, host?.readonlyRootfs != true { parts.append("its root can be written to") }
        if !(host?.securityOpt ?? []).contains(where: { $0.hasPrefix("no-new-privileges") }) {
            parts.append("it may gain privileges")
        }
        for (name, mode) in [("PidMode", host?.pidMode), ("IpcMode", host?.ipcMode), ("UTSMode", host?.utsMode)] {
            if mode == "host" || mode?.hasPrefix("container:") == true { parts.append("\(name) is \(mode ?? "")") }
        }
        if let driver = host?.logConfig?.type, driver != spec.logDriver { parts.append("its log driver is \(driver)") }
        if let user = spec.hardening.user, config?.user != user {
            parts.append("its user is \(config?.user ?? "none")")
        }
        if networkSettings?.networks?[spec.network] == nil { parts.append("it is not on network \(spec.network)") }
        parts += mountDifferences(from: spec)
        return parts.isEmpty ? nil : parts.joined(separator: ", ")
    }

    private func mountDifferences(from spec: RunSpec) -> [String] {
        let shown = Set(inspect.mounts.map(Self.described))
        let asked = Set(spec.bindMounts.map(Self.described))
        return asked.subtracting(shown).sorted().map { "\($0) is not mounted" }
            + shown.subtracting(asked).sorted().map { "\($0) is mounted" }
    }

    private static func described(_ mount: BindMount) -> String {
        "\(printable(mount.hostPath)) at \(printable(mount.mountPath))" + (mount.readOnly ? ", read-only" : "")
    }
}
