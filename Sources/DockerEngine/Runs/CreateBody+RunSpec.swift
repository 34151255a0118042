import DockerPort
import Primitives

extension CreateBody {
    /// Creates the body for `spec`.
    ///
    /// - Parameter ulimits: the requested ulimits. For all other ulimits the Docker Engine's defaults apply.
    /// - Throws: ``DockerPort/DockerError/Code/invalidSpec`` if the spec breaks a rule.
    init(_ spec: RunSpec, ulimits: [Ulimit] = [.coreFiles, .openFiles]) throws(DockerError) {
        do {
            try spec.validateForEngine()
        } catch {
            throw DockerError(.invalidSpec, operation: "run", message: error.description)
        }
        guard let reference = ImageReference(spec.image), let limits = Limits(spec) else {
            throw DockerError(.invalidSpec, operation: "run", message: "run spec: image or memory cannot be read")
        }
        let hardening = spec.hardening
        image = reference.description
        hostname = spec.hostname
        user = hardening.user
        env = spec.env.map { "\($0.key)=\($0.value)" }.sorted()
        cmd = spec.cmd.isEmpty ? nil : spec.cmd
        labels = LabelsInJSON(spec.labels)
        healthcheck = spec.healthcheck.map(HealthcheckForm.init)
        hostConfig = Self.hostConfig(spec, limits: limits)
        hostConfig.ulimits = ulimits
        if let published = spec.published {
            let port = "\(spec.enginePort)/tcp"
            exposedPorts = [port: Nothing()]
            hostConfig.portBindings = [
                port: [.init(address: published.address, port: published.port.map(String.init) ?? "")]
            ]
        }
        networkingConfig = .init(endpointsConfig: [spec.network: .init(aliases: [spec.hostname])])
    }

    /// The limits in the body.
    var limits: Limits {
        Limits(
            nanoCPUs: hostConfig.nanoCpus,
            memory: hostConfig.memory,
            memorySwap: hostConfig.memorySwap,
            pids: hostConfig.pidsLimit
        )
    }

    /// The options of `/tmp`. Some runtimes would otherwise copy the mode of the image's `/tmp`, and then only root may
    /// be able to write there.
    private static let temporary = "rw,nosuid,nodev,noexec,mode=1777,size=64m"

    private static func hostConfig(_ spec: RunSpec, limits: Limits) -> HostConfig {
        .init(
            networkMode: spec.network,
            // Use mounts, not binds: a colon in a bind starts its options, and a bind creates missing directories.
            mounts: spec.bindMounts.map { .init(source: $0.hostPath, target: $0.mountPath, readOnly: $0.readOnly) },
            nanoCpus: limits.nanoCPUs,
            memory: limits.memory,
            memorySwap: limits.memorySwap,
            pidsLimit: limits.pids,
            capAdd: spec.hardening.capAdd.isEmpty ? nil : spec.hardening.capAdd.sorted(),
            readonlyRootfs: spec.hardening.readOnlyRootfs,
            tmpfs: spec.hardening.readOnlyRootfs ? ["/tmp": temporary] : nil,
            logConfig: .init(type: spec.logDriver, config: spec.logOpts)
        )
    }
}
