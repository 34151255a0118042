/// The findings about what Redis keeps over a crash.
extension RedisFacts {
    var persistence: Finding {
        let broken = [InfoField.lastAppendStatus, .lastRewriteStatus, .lastSnapshotStatus]
            .first { reported($0).map { $0 != "ok" } ?? false }
        if let broken {
            return .failure(
                "persistence",
                "Redis could not write to its disk (\(broken.rawValue): \(reported(broken) ?? ""))",
                mend: "see Redis' log; look for a full disk or wrong permissions in its dir"
            )
        }
        guard reported(.appendsOnly) != nil || config["save"] != nil else {
            return untold("persistence", "whether jobs outlive a restart")
        }
        if reported(.appendsOnly) == "1" {
            guard let sync = config["appendfsync"] else {
                return .ok(
                    "persistence",
                    "append-only file; cannot tell appendfsync, because Redis refuses CONFIG: redis.conf, or the parameter "
                        + "group of a managed Redis, should have everysec"
                )
            }
            guard sync != "no" else {
                return .warning(
                    "persistence",
                    "appendfsync no: a power failure loses half a minute of jobs",
                    mend: "CONFIG SET appendfsync everysec, and the same in redis.conf"
                )
            }
            return .ok("persistence", "append-only file, appendfsync \(sync)")
        }
        guard let saves = config["save"].map({ !$0.isEmpty }) else {
            return .warning(
                "persistence",
                "no append-only file; cannot tell whether Redis takes snapshots, because it refuses CONFIG",
                mend:
                    "see that redis.conf, or the parameter group of a managed Redis, has: appendonly yes, appendfsync "
                    + "everysec; where the service has no such parameter, use a replica in another zone"
            )
        }
        let mend = "CONFIG SET appendonly yes, and in redis.conf: appendonly yes, appendfsync everysec"
        let text = saves ? "snapshots only: a crash of Redis loses minutes of jobs" : "none: a restart loses every job"
        return .warning("persistence", text, mend: mend)
    }

    /// The finding about a torn append-only file.
    ///
    /// A power failure can cut the append-only file within a script's transaction. The file then holds the first half
    /// of the transaction, and a later restart executes this half. A rewrite of the file after each start of Redis
    /// prevents that.
    var tornLog: Finding? {
        guard reported(.appendsOnly) == "1" else { return nil }
        if config["aof-load-truncated"] == "no" {
            return .ok("torn log", "Redis does not start on a torn append-only file (aof-load-truncated no)")
        }
        if number(.rewrites) > 0 {
            return .ok("torn log", "the append-only file was written anew since Redis began")
        }
        return .warning(
            "torn log",
            "after a power failure half of a script may stand in the append-only file, and be run by a later restart",
            mend: "BGREWRITEAOF now and after each start of Redis: ExecStartPost=/usr/bin/redis-cli BGREWRITEAOF; a "
                + "managed Redis without this command: use a replica, so that no restart reads the file"
        )
    }
}
