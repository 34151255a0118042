import DockerPort
import Primitives

/// The limits of a container in the Docker Engine's units.
struct Limits: Sendable, Equatable {
    /// Billionths of a CPU.
    var nanoCPUs: Int64
    /// Bytes of memory.
    var memory: Int64
    /// Bytes of memory and swap together. Equal to the memory limit: no swap.
    var memorySwap: Int64
    /// Processes and threads.
    var pids: Int64

    init(nanoCPUs: Int64, memory: Int64, memorySwap: Int64, pids: Int64) {
        self.nanoCPUs = nanoCPUs
        self.memory = memory
        self.memorySwap = memorySwap
        self.pids = pids
    }

    /// Creates the limits of a validated spec; nil if the memory size is not readable. The CPU quota is rounded to
    /// steps of 0.01 CPU.
    init?(_ spec: RunSpec) {
        guard let bytes = MemorySize(spec.memory)?.bytes, (0...ResourceBounds.cpus.upperBound).contains(spec.cpuQuota)
        else { return nil }
        self.init(
            nanoCPUs: Int64((spec.cpuQuota * 100).rounded()) * 10_000_000,
            memory: bytes,
            memorySwap: bytes,
            pids: Int64(spec.pidsLimit)
        )
    }

    /// Returns the differences from the requested limits as a sentence; nil if there are none.
    func difference(from asked: Limits) -> String? {
        var parts: [String] = []
        func compare(_ name: String, _ shown: Int64, _ wanted: Int64) {
            if shown != wanted { parts.append("\(name) is \(shown) instead of \(wanted)") }
        }
        compare("NanoCpus", nanoCPUs, asked.nanoCPUs)
        compare("Memory", memory, asked.memory)
        compare("MemorySwap", memorySwap, asked.memorySwap)
        compare("PidsLimit", pids, asked.pids)
        return parts.isEmpty ? nil : parts.joined(separator: ", ")
    }
}
