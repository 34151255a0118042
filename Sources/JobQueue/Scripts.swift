import Redis

/// The scripts of the protocol, each made of its own file and the pieces that it shares with others. What a script has
/// changed of games and jobs is written when its own file has answered.
///
/// All but `admit` carry `allow-oom`: under `maxmemory` only intake stops, while beats, ends and claims go
/// on, or all leases would run out together when memory is full. Redis refuses `admit` before its first write.
enum Scripts {
    static let peek = RedisScript(name: "peek", source: "#!lua flags=no-writes\n" + text(PackageResources.peek_lua))
    /// Refused when memory is full: nobody needs it.
    static let progress = RedisScript(name: "progress", source: "#!lua\n" + text(PackageResources.progress_lua))
    static let admit = make("admit", PackageResources.admit_lua, places: true, refusedWhenFull: true)
    static let claim = make("claim", PackageResources.claim_lua)
    static let beat = make("beat", PackageResources.beat_lua)
    static let finish = make("finish", PackageResources.finish_lua)
    static let retry = make("retry", PackageResources.retry_lua)
    static let release = make("release", PackageResources.release_lua)
    static let tick = make("tick", PackageResources.tick_lua)
    static let join = make("join", PackageResources.join_lua)
    static let leave = make("leave", PackageResources.leave_lua)
    static let lead = make("lead", PackageResources.lead_lua)
    static let emit = make("emit", PackageResources.emit_lua)
    static let requeue = make("requeue", PackageResources.requeue_lua, places: true)
    static let drop = make("drop", PackageResources.drop_lua)
    static let tell = make("tell", PackageResources.tell_lua)
    static let places = make("places", PackageResources.places_lua)

    private static func make(
        _ name: String,
        _ body: [UInt8],
        places: Bool = false,
        refusedWhenFull: Bool = false
    ) -> RedisScript {
        var shared = [PackageResources.clock_lua, PackageResources.lanes_lua, PackageResources.endings_lua]
        if places { shared.append(PackageResources.placing_lua) }
        let shebang = refusedWhenFull ? "#!lua" : "#!lua flags=allow-oom"
        let main = [
            "local function main()", text(body), "end", "local answer = main()", "write_back()", "return answer",
        ]
        return RedisScript(name: name, source: ([shebang] + shared.map(text) + main).joined(separator: "\n"))
    }

    private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
}
