import Pages
import Terminal

/// The findings about the server itself.
extension RedisFacts {
    /// A finding about a fact that Redis does not tell, because `INFO` is refused or unknown.
    func untold(_ check: String, _ fact: String) -> Finding {
        .warning(
            check,
            "cannot tell \(fact): Redis refuses INFO",
            mend: "ACL SETUSER \(info["_user"] ?? "NAME") +info; with a managed Redis, look at its own pages"
        )
    }

    var version: Finding {
        guard reported(.redisVersion) != nil else { return untold("redis version", "the version") }
        let name = reported(.valkeyVersion).map { "Valkey \($0)" } ?? "Redis \(reported(.redisVersion) ?? "?")"
        // Valkey reports the compatible version of Redis here.
        let major = reported(.redisVersion).flatMap { $0.split(separator: ".").first }.flatMap { Int($0) }
        guard let major, major < 7 else { return .ok("redis version", name) }
        return .failure(
            "redis version",
            "\(name) is too old",
            mend: "install Redis 7.0 or later, or Valkey; Debian 12 has redis-server 7.0"
        )
    }

    var role: Finding {
        guard reported(.role) != nil else { return untold("redis role", "whether this is a master") }
        guard let role = reported(.role), role != "master" else { return .ok("redis role", "it takes writes") }
        let master = reported(.masterHost).map { " (its master is \($0):\(reported(.masterPort) ?? "6379"))" } ?? ""
        return .failure(
            "redis role",
            "this is a replica, which takes no writes\(master)",
            mend: "let RTM_REDIS_URL name the master"
        )
    }

    var eviction: Finding {
        let policy = reported(.evictionPolicy) ?? config["maxmemory-policy"]
        guard let policy else {
            return .warning(
                "eviction",
                "cannot tell the eviction policy: Redis refuses INFO and CONFIG",
                mend: "see that redis.conf, or the parameter group of a managed Redis, has: maxmemory-policy noeviction"
            )
        }
        guard policy != "noeviction" else { return .ok("eviction", "noeviction: no job is thrown away") }
        return .failure(
            "eviction",
            "\(policy): Redis throws keys away when its memory is full, and jobs with them",
            mend: "CONFIG SET maxmemory-policy noeviction, and the same in redis.conf or in the parameter group of a "
                + "managed Redis"
        )
    }

    var memory: Finding {
        guard reported(.usedMemory) != nil else { return untold("redis memory", "the used memory") }
        let used = number(.usedMemory)
        let most = number(.mostMemory)
        guard most > 0 else { return .ok("redis memory", "\(ShortSize.text(used)) used, no bound") }
        let share = used * 100 / most
        let text = "\(ShortSize.text(used)) of \(ShortSize.text(most)) used (\(share) %)"
        guard share >= 80 else { return .ok("redis memory", text) }
        guard share < 100 else {
            return .failure(
                "redis memory",
                "\(text): it is full, and no new job is taken in",
                mend: "raise maxmemory, or keep less: RTM_RETENTION_ENTRIES, RTM_RETENTION_SECONDS"
            )
        }
        return .warning(
            "redis memory",
            "\(text); when it is full no new job is taken in",
            mend: "raise maxmemory, or keep less: RTM_RETENTION_ENTRIES, RTM_RETENTION_SECONDS"
        )
    }
}
