import Redis

/// The scripts of the protocol, each made of its own file and the pieces that it shares with others. What a script has
/// changed of games and jobs is written when its own file has answered.
///
/// All but `admit` carry `allow-oom`: under `maxmemory` only intake stops, while beats, ends and claims go
/// on, or all leases would run out together when memory is full. Redis refuses `admit` before its first write.
package enum Scripts {
    static let peek = makeReader("peek", PackageResources.peek_lua)
    package static let page = makeReader("page", PackageResources.page_lua)
    /// Refused when memory is full: nobody needs it.
    static let progress = RedisScript(name: "progress", source: "#!lua\n" + text(PackageResources.progress_lua))
    static let admit = make(
        "admit",
        PackageResources.admit_lua,
        .games,
        [PackageResources.placing_lua, PackageResources.claiming_lua, PackageResources.tail_lua],
        refusedWhenFull: true
    )
    static let claim = make("claim", PackageResources.claim_lua, .games, [PackageResources.claiming_lua])
    static let beat = make("beat", PackageResources.beat_lua, .clock)
    static let finish = make("finish", PackageResources.finish_lua, .games)
    static let retry = make("retry", PackageResources.retry_lua, .games)
    static let release = make("release", PackageResources.release_lua, .games)
    static let tick = make("tick", PackageResources.tick_lua, .games)
    static let join = make("join", PackageResources.join_lua, .games)
    static let leave = make("leave", PackageResources.leave_lua, .lanes)
    static let lead = make("lead", PackageResources.lead_lua, .clock)
    static let emit = make("emit", PackageResources.emit_lua, .lanes)
    package static let requeue = make("requeue", PackageResources.requeue_lua, .games, [PackageResources.placing_lua])
    package static let drop = make("drop", PackageResources.drop_lua, .games)
    package static let clear = make("clear", PackageResources.clear_lua, .games)
    static let tell = make("tell", PackageResources.tell_lua, .lanes)
    static let places = make("places", PackageResources.places_lua, .lanes)

    /// What a script shares with others. Each piece is made anew with each call, so a script has those that it needs.
    private enum Pieces {
        /// The time, and what all scripts keep.
        case clock
        /// That, and what reads games and rings workers.
        case lanes
        /// All, with what ends jobs and what writes games.
        case games
    }

    private static func make(
        _ name: String,
        _ body: [UInt8],
        _ pieces: Pieces,
        _ more: [[UInt8]] = [],
        refusedWhenFull: Bool = false
    ) -> RedisScript {
        var shared = [PackageResources.clock_lua]
        if pieces != .clock { shared.append(PackageResources.lanes_lua) }
        if pieces == .games { shared += [PackageResources.naming_lua, PackageResources.endings_lua] }
        shared += more
        let shebang = refusedWhenFull ? "#!lua" : "#!lua flags=allow-oom"
        // What it has changed is written where it has failed, too: Redis undoes nothing of what it did.
        let main = [
            "local function main()", text(body), "end", "local ok, answer = pcall(main)",
            pieces == .games ? "write_back()" : "write_state()", "if not ok then error(answer, 0) end", "return answer",
        ]
        return RedisScript(name: name, source: ([shebang] + shared.map(text) + main).joined(separator: "\n"))
    }

    /// A script that reads messages and changes nothing.
    private static func makeReader(_ name: String, _ body: [UInt8]) -> RedisScript {
        let pieces = [PackageResources.naming_lua, PackageResources.tail_lua, body].map(text)
        return RedisScript(name: name, source: (["#!lua flags=no-writes"] + pieces).joined(separator: "\n"))
    }

    private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
}
