import DockerPort
import Primitives

extension ContainerAnswer {
    /// Returns the differences between the container and the spec as a sentence, without the limits; nil if there are
    /// none.
    ///
    /// The Docker Engine ignores unknown fields of a request. The function therefore checks all important fields.
    ///
    /// - Parameter ulimits: the requested ulimits.
    func difference(
        from spec: RunSpec,
        ulimits: [CreateBody.Ulimit] = [.coreFiles, .openFiles]
    ) -> String? {
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
        parts += boundDifferences(from: spec, ulimits)
        parts += mountDifferences(from: spec)
        return parts.isEmpty ? nil : parts.joined(separator: ", ")
    }

    /// Returns the differences in the bounds on the host's resources. Not every Docker Engine reports all of these
    /// fields.
    private func boundDifferences(from spec: RunSpec, _ ulimits: [CreateBody.Ulimit]) -> [String] {
        var parts: [String] = []
        if let mode = hostConfig?.cgroupnsMode, !mode.isEmpty, mode != "private" {
            parts.append("CgroupnsMode is \(printable(mode))")
        }
        if let adjustment = hostConfig?.oomScoreAdj, adjustment != CreateBody.HostConfig.oomScoreAdj {
            parts.append("OomScoreAdj is \(adjustment) instead of \(CreateBody.HostConfig.oomScoreAdj)")
        }
        for asked in ulimits {
            guard let shown = hostConfig?.ulimits?.first(where: { Self.isSame($0.name, asked.name) }) else { continue }
            if shown.allowsMore(than: asked) {
                parts.append("ulimit \(asked.name) is \(shown.hard) instead of \(asked.hard)")
            }
        }
        if let slowed = config?.healthcheck?.port.slowed?.interval, spec.healthcheck != nil {
            parts.append("its health check has an interval below \(slowed)")
        }
        return parts
    }

    /// Compares two names of ulimits. Podman names the ulimit `core` as `RLIMIT_CORE`.
    private static func isSame(_ shown: String, _ asked: String) -> Bool {
        shown.lowercased() == asked || shown.lowercased() == "rlimit_" + asked
    }

    private func mountDifferences(from spec: RunSpec) -> [String] {
        let shown = inspect.mounts
        func described(_ mounts: [BindMount], without others: [BindMount]) -> [String] {
            mounts.filter { mount in !others.contains { Self.isSame($0, mount) } }.map(Self.described).sorted()
        }
        return described(spec.bindMounts, without: shown).map { "\($0) is not mounted" }
            + described(shown, without: spec.bindMounts).map { "\($0) is mounted" }
    }

    /// Compares two mounts by bytes: two paths of equal appearance can be two directories.
    private static func isSame(_ one: BindMount, _ other: BindMount) -> Bool {
        one.hostPath.isSameBytes(as: other.hostPath) && one.mountPath.isSameBytes(as: other.mountPath)
            && one.readOnly == other.readOnly
    }

    private static func described(_ mount: BindMount) -> String {
        "\(printable(mount.hostPath)) at \(printable(mount.mountPath))" + (mount.readOnly ? ", read-only" : "")
    }
}
