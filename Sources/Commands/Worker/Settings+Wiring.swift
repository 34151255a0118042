import DockerPort
import JobQueue
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
    package var queueOptions: JobQueueOptions {
        JobQueueOptions(
            queues: queues,
            lease: .seconds(leaseTTLSeconds),
            retention: .seconds(retentionSeconds),
            retentionEntries: retentionEntries,
            deadBytes: deadBytes,
            nodeGrace: .seconds(nodeGraceSeconds),
            mostAge: signingKeyFile == nil ? nil : .seconds(signedMaxAgeSeconds)
        )
    }

    package func workerConfiguration() throws(CommandError) -> WorkerConfiguration {
        WorkerConfiguration(
            node: nodeSettings,
            concurrency: concurrency,
            slots: slots,
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
