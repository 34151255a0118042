import DockerPort
import JobContract
import Primitives

extension Demand {
    /// Creates the demand of a container to create.
    package init(of spec: RunSpec) { self.init(cpus: spec.cpuQuota, memory: spec.memory) }

    /// Creates the demand of an inspected container: its present limits, which an operator may have changed with
    /// `docker update`. A container without a limit counts as 0.
    package init(of container: ContainerInspect) {
        self.init(cpu: container.nanoCPUs / 1_000_000, memory: container.memoryBytes)
    }
}
