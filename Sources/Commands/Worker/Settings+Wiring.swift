import DockerPort
import JobContract
import JobQueue
import Primitives
import Runtime
import RuntimeCore
import Settings
import Terminal

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

extension Settings {
    /// - Parameter host: The machine of the node; nil: its memory is not counted unless a setting says how much.
    package func queueOptions(on host: EngineInfo? = nil) -> JobQueueOptions {
        JobQueueOptions(
            queues: queues,
            lease: .seconds(leaseTTLSeconds),
            retention: .seconds(retentionSeconds),
            retentionEntries: retentionEntries,
            deadBytes: deadBytes,
            nodeGrace: .seconds(nodeGraceSeconds),
            mostAge: signingKeyFile == nil ? nil : .seconds(signedMaxAgeSeconds),
            capacity: capacity(on: host),
            defaultDemand: Demand(cpus: cpuQuota, memory: memory.text),
            placement: placement,
            version: RootCommand.version
        )
    }

    /// Returns the capacity of the node. Without a setting, a tenth of the host's memory stays for the host itself.
    private func capacity(on host: EngineInfo?) -> NodeCapacity {
        NodeCapacity(
            slots: slots,
            cpu: Demand.thousandths(capacityCPU),
            memory: capacityMemory?.bytes ?? (host?.memoryBytes ?? 0) / 10 * 9,
            ports: advertise?.ports
        )
    }

    /// Returns a warning for each capacity above what the host has.
    package func capacityProblems(on host: EngineInfo) -> [String] {
        var problems: [String] = []
        if let memory = capacityMemory, host.memoryBytes > 0, memory.bytes > host.memoryBytes {
            problems.append(
                "RTM_CAPACITY_MEMORY is \(memory.text), and the host has \(host.memoryBytes >> 20)m: games that use what "
                    + "they may will be killed; set it to at most the host's memory"
            )
        }
        if host.cpus > 0, capacityCPU > Double(host.cpus) {
            problems.append(
                "RTM_CAPACITY_CPU is \(capacityCPU), and the host has \(host.cpus) CPUs: games that use what they may "
                    + "will be slow"
            )
        }
        let capacity = capacity(on: host).memory
        if capacity > 0, memory.bytes > capacity {
            problems.append(
                "a game without a memory limit of its own (RTM_MEMORY \(memory.text)) does not fit on this node, which has "
                    + "\(capacity >> 20)m for games: set a lower RTM_MEMORY, or another RTM_CAPACITY_MEMORY"
            )
        }
        return problems
    }

    package func workerConfiguration() throws(CommandError) -> WorkerConfiguration {
        var node = nodeSettings
        node.advertised = try advertisement(addresses: LocalAddresses.all())
        return WorkerConfiguration(
            node: node,
            concurrency: concurrency,
            drainTimeout: .seconds(drainTimeoutSeconds),
            leaderTTL: .seconds(leaderTTLSeconds),
            stateOwner: try stateOwnerIDs(),
            stateMode: stateMode,
            startSettle: .milliseconds(startSettleMilliseconds),
            janitor: janitor,
            janitorGrace: .seconds(janitorGraceSeconds),
            keptContainers: keptContainers,
            stopsWhenCutOff: stopWhenCutOff
        )
    }

    /// Returns where the games are reached from other hosts; nil: nowhere.
    ///
    /// - Parameter addresses: The addresses of this machine.
    func advertisement(addresses: Set<String>) throws(CommandError) -> Advertisement? {
        guard let advertise else {
            guard advertiseBind == nil else {
                throw .wrongUse("RTM_ADVERTISE_BIND has no meaning without RTM_ADVERTISE")
            }
            return nil
        }
        let address = advertise.host.filter { $0 != "[" && $0 != "]" }
        guard let bind = advertiseBind ?? (addresses.contains(address) ? address : nil) else {
            throw .wrongUse(
                "RTM_ADVERTISE_BIND must be given: \(advertise.host) of RTM_ADVERTISE is no address of this machine"
            )
        }
        return Advertisement(host: advertise.host, address: bind, ports: advertise.ports)
    }

    /// Returns `RTM_STATE_OWNER` as numbers. The function looks names up on this machine.
    private func stateOwnerIDs() throws(CommandError) -> WorkerConfiguration.StateOwner? {
        guard let stateOwner else { return nil }
        let parts = stateOwner.split(separator: ":", maxSplits: 1).map(String.init)
        var user = parts.first.flatMap { UInt32($0) }
        var group = parts.count == 2 ? UInt32(parts[1]) : nil
        if user == nil, let entry = getpwnam(parts[0]) {
            user = entry.pointee.pw_uid
            if parts.count == 1 { group = entry.pointee.pw_gid }
        }
        if parts.count == 2, group == nil, let entry = getgrnam(parts[1]) { group = entry.pointee.gr_gid }
        guard let user, let group = group ?? (parts.count == 1 ? user : nil) else {
            throw .wrongUse("RTM_STATE_OWNER \(stateOwner): no such user or group on this machine")
        }
        return WorkerConfiguration.StateOwner(user: user, group: group)
    }
}
