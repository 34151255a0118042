import JobContract
import JobQueue
import Pages
import QueueAdmin
import Terminal

/// The facts about Redis for the doctor.
package struct RedisFacts: Sendable, Equatable {
    /// The fields of `INFO`, and the name of the Redis user as `_user`.
    var info: [String: String] = [:]
    /// The settings from `CONFIG GET`; empty: this user may not read settings.
    var config: [String: String] = [:]
    /// The commands of a worker refused to this user.
    var refused: [String] = []
    /// The keys of the namespace, as in an ACL.
    var keyPattern = ""
    /// Whether this user may use at least one of the namespace's keys.
    var mayUseKeys = true
    /// Redis' clock minus this machine's clock, in milliseconds; nil: this user may not read Redis' clock.
    var clockOffset: Int64? = 0
    /// The median time of a `PING`, in microseconds.
    var latency: Int64 = 0
    var overview = FleetOverview()
    var groups: [StreamGroup] = []
    /// The reason why ``overview`` and ``groups`` were not read; nil: both were read.
    var unread: String?

    /// Parses the reply to `INFO`.
    static func fields(ofInfo text: String) -> [String: String] {
        var fields: [String: String] = [:]
        for line in text.split(whereSeparator: \.isNewline) where !line.hasPrefix("#") {
            let parts = line.split(separator: ":", maxSplits: 1)
            if parts.count == 2 { fields[String(parts[0])] = String(parts[1]) }
        }
        return fields
    }

    /// Returns the eviction policy in the reply to `INFO memory`.
    package static func evictionPolicy(inInfo text: String) -> String? {
        fields(ofInfo: text)[InfoField.evictionPolicy.rawValue]
    }

    /// The fields of `INFO` that the findings read. A test compares the names with a real server.
    enum InfoField: String, CaseIterable {
        case redisVersion = "redis_version"
        /// Only Valkey has this field.
        case valkeyVersion = "valkey_version"
        case role
        /// Only a replica has this field.
        case masterHost = "master_host"
        /// Only a replica has this field.
        case masterPort = "master_port"
        case evictionPolicy = "maxmemory_policy"
        case usedMemory = "used_memory"
        case mostMemory = "maxmemory"
        case lastAppendStatus = "aof_last_write_status"
        case lastRewriteStatus = "aof_last_bgrewrite_status"
        case lastSnapshotStatus = "rdb_last_bgsave_status"
        case appendsOnly = "aof_enabled"
        case rewrites = "aof_rewrites"
    }

    func reported(_ field: InfoField) -> String? { info[field.rawValue] }

    func number(_ field: InfoField) -> Int64 { reported(field).flatMap { Int64($0) } ?? 0 }

    /// The findings, in the order of the report.
    package var findings: [Finding] {
        [
            version, role, eviction, memory, persistence, tornLog, permissions, clock, speed, data, fleet, drained,
            consumers, deadLetters,
        ].compactMap { $0 } + unserved + keyTypes
    }

    private var permissions: Finding {
        let check = "redis permissions"
        guard !refused.isEmpty else { return .ok(check, "all commands of a worker are allowed") }
        let user = info["_user"].map { "user \($0)" } ?? "this user"
        let lacking = refused.joined(separator: " ")
        let other = "for a worker, use its own user, such as worker of deploy/redis/users.acl, and run doctor with it"
        guard mayUseKeys else {
            return .failure(
                check,
                "\(user) may not use the keys \(keyPattern.dropFirst()); is RTM_NAMESPACE right?",
                mend: "correct RTM_NAMESPACE, or ACL SETUSER \(info["_user"] ?? "NAME") \(keyPattern)"
            )
        }
        return switch RedisPermissions.ability(without: refused) {
        case .commandLine:
            .warning(
                check,
                "\(user) may run every command but no worker: a worker also needs \(lacking)",
                mend: other
            )
        case .reading: .warning(check, "\(user) may only read, and may run no worker", mend: other)
        case nil:
            .failure(
                check,
                "not allowed: \(lacking)",
                mend: RedisPermissions.mend(refused, user: info["_user"], keyPattern: keyPattern)
            )
        }
    }

    private var clock: Finding {
        if overview.clockSteps > 0 {
            return .warning(
                "clock",
                "Redis' clock was set back by more than a minute, \(overview.clockSteps) times",
                mend: "let chrony or systemd-timesyncd slew the clock of Redis' machine"
            )
        }
        guard let clockOffset else {
            return .warning(
                "clock",
                "cannot tell the difference between Redis' clock and this machine's: Redis refuses TIME",
                mend: "ACL SETUSER \(info["_user"] ?? "NAME") +time"
            )
        }
        let size = clockOffset.magnitude
        let text = "Redis' clock and this machine's differ by \(ShortTime.span(milliseconds: Int64(size)))"
        guard size >= 2_000 else { return .ok("clock", text) }
        return .warning(
            "clock",
            "\(text): deadlines and ages are wrong by that",
            mend: "let NTP set both: timedatectl set-ntp true"
        )
    }

    private var speed: Finding {
        let text = "a call takes \(latency) µs"
        guard latency >= 20_000 else { return .ok("redis latency", text) }
        return .warning(
            "redis latency",
            "\(text): leases of 10 s stand that, throughput does not",
            mend: "put the workers nearer to Redis; see redis-cli --latency and SLOWLOG GET"
        )
    }

    private var data: Finding? {
        guard overview.ghosts > 0 else { return nil }
        return .warning(
            "lost data",
            "\(overview.ghosts) jobs had lost their data when their turn came",
            mend: "nobody may delete keys of the namespace by hand; see eviction and persistence above"
        )
    }

    /// The queues without a worker, each with a command. If no worker lives at all, another finding says so.
    private var unserved: [Finding] {
        guard overview.queues.contains(where: { $0.workers > 0 }) else { return [] }
        return overview.unservedQueues.prefix(5).map { queue in
            let worker = "a worker with this queue in RTM_QUEUES"
            return .warning(
                "unserved queue",
                "\(WaitReason.unserved.phrase): \(queue.sentence)",
                mend: queue.command.map { "\($0), or start \(worker)" } ?? "start \(worker)"
            )
        }
    }

    private var keyTypes: [Finding] {
        overview.keyProblems.map {
            .failure(
                "key type",
                $0.description,
                mend: "look at it (redis-cli TYPE \($0.key)), then move it: RENAME or DEL"
            )
        }
    }

    private var fleet: Finding {
        if let unread {
            return .warning(
                "workers",
                "cannot tell workers, queues and dead letters: \(unread)",
                mend: "use a Redis user that may read, such as viewer of deploy/redis/users.acl"
            )
        }
        let silent = overview.nodes.filter {
            switch NodeState($0, overview) {
            case .silent, .withoutEngine, .lost: true
            default: false
            }
        }
        let workers = overview.nodes.reduce(0) { $0 + $1.workers }
        guard workers > 0 else {
            return .warning("workers", "no worker lives: nothing is taken", mend: "rtmanager worker, on each node")
        }
        let nodes = overview.nodes.count
        let text = "\(workers) on \(nodes) \(nodes == 1 ? "node" : "nodes")"
        guard !silent.isEmpty else { return .ok("workers", text) }
        return .warning(
            "workers",
            "\(text); silent or lost: \(silent.prefix(5).map(\.id.text).joined(separator: " "))",
            mend: "see the worker's log and the Engine there; rtmanager node list"
        )
    }

    private var drained: Finding? {
        guard overview.startsLackNode else { return nil }
        return .warning(
            "drained nodes",
            "all living nodes are drained, so no start begins, and jobs wait",
            mend: "rtmanager node resume NODE; rtmanager node list shows the nodes"
        )
    }

    private var consumers: Finding? {
        guard !groups.isEmpty else { return nil }
        let lost = groups.filter(\.hasLost).map { "\($0.name) on \($0.stream)" }
        let near = groups.map { GroupOutlook($0, overview.retention, now: overview.now) }
            .filter { $0.isNear && !$0.group.hasLost }
            .map { "\($0.group.name) on \($0.group.stream) will lose \($0.text)" }
        guard !lost.isEmpty || !near.isEmpty else {
            return .ok("consumers", "\(groups.count) groups, none has lost an entry")
        }
        let past = "entries were trimmed before they were acknowledged: \(lost.joined(separator: ", "))"
        return .warning(
            "consumers",
            ((lost.isEmpty ? [] : [past]) + near).joined(separator: "; "),
            mend: "see docs/guide/consumers.md, surviving the trimming; XGROUP DESTROY a group that nobody reads"
        )
    }

    private var deadLetters: Finding? {
        guard overview.deadCount > 0 else { return nil }
        return .warning(
            "dead letters",
            overview.deadCount == 1
                ? "1 message or job waits for a person" : "\(overview.deadCount) messages or jobs wait for a person",
            mend: "rtmanager dead list, then dead retry or dead drop"
        )
    }
}
