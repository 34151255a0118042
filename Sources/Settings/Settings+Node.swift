import DockerPort
import Primitives
import RuntimeCore

extension Settings {
    /// The settings for every container of the worker's node.
    package var nodeSettings: NodeSettings {
        NodeSettings(
            namespace: namespace,
            network: network,
            namePrefix: namePrefix,
            stateRoot: stateRoot,
            stateMount: stateMount,
            env: gameEnvironment,
            enginePort: enginePort,
            logDriver: logDriver,
            logOpts: logOpts,
            defaultLimits: .init(cpuQuota: cpuQuota, memory: memory.text, pidsLimit: pidsLimit),
            maximumLimits: .init(cpuQuota: maxCPUQuota, memory: maxMemory?.text, pidsLimit: maxPIDsLimit),
            hardening: Hardening(capAdd: capAdd, readOnlyRootfs: readOnlyRootfs, user: user),
            allowedImages: allowedImages,
            allowedMountRoots: allowedMountRoots,
            labelRules: LabelRules(allowed: allowedLabels),
            maximumStopTimeout: maxStopTimeoutSeconds,
            maximumReadyTimeout: maxReadyTimeoutSeconds
        )
    }
}
