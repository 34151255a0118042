/// The bounds of a container's resources.
///
/// Docker reads a value below a lower bound as "no limit at all", so no such value may reach Docker.
package enum ResourceBounds {
    /// CPUs of a container.
    package static let cpus = 0.01...100_000.0
    /// CPUs that a setting or a flag may name: no machine has more.
    package static let settableCPUs = 0.01...4_096.0
    /// The least memory of a container: Docker refuses less.
    package static let leastMemory = MemorySize(mebibytes: 6)
    /// Processes and threads of a container. The upper bound is the kernel's.
    package static let pids = 1...4_194_304
}
