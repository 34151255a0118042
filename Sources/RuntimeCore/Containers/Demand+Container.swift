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

extension RunningGame {
    /// Creates the value of an inspected container.
    ///
    /// - Parameter enginePort: The port of the game engine if the image has no port label.
    package init(of container: OwnedContainer, enginePort: Int) {
        self.init(
            containerID: container.inspect.id,
            demand: Demand(of: container.inspect),
            port: container.hostPort(otherwise: enginePort)
        )
    }
}
