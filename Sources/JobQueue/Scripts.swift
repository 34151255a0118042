import Redis

/// The scripts of the protocol. Each script consists of its own file and the pieces that it shares with other scripts.
///
/// All scripts that write carry `allow-oom`, except `admit` and `progress`. So with a full memory only intake and
/// progress stop. Renewals, ends and claims go on; otherwise all leases would expire together. Redis refuses `admit`
/// before its first write.
package enum Scripts {
    static let peek = makeReader("peek", PackageResources.peek_lua)
    package static let page = makeReader("page", PackageResources.page_lua)
    /// Refused when memory is full, because no job depends on progress.
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

    /// The pieces that a script shares. Each call runs all pieces of its script, so a script has only the necessary
    /// pieces.
    private enum Pieces {
        /// The time, and the state kept by all scripts.
        case clock
        /// The pieces of `clock`, with reading games and waking workers.
        case lanes
        /// All pieces, with ending jobs and writing games.
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
        // Write the changes also after a failure, because Redis undoes nothing.
        let main = [
            "local function main()", text(body), "end", "local ok, answer = pcall(main)",
            pieces == .games ? "write_back()" : "write_state()", "if not ok then error(answer, 0) end", "return answer",
        ]
        return RedisScript(name: name, source: ([shebang] + shared.map(text) + main).joined(separator: "\n"))
    }

    /// Returns a script that reads messages and changes nothing.
    private static func makeReader(_ name: String, _ body: [UInt8]) -> RedisScript {
        let pieces = [PackageResources.naming_lua, PackageResources.tail_lua, body].map(text)
        return RedisScript(name: name, source: (["#!lua flags=no-writes"] + pieces).joined(separator: "\n"))
    }

    private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
}
