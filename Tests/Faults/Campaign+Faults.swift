import Foundation
import JobContract
import Redis

@testable import Models
@testable import Support

extension Campaign {
    /// What breaks.
    enum Fault: String, CaseIterable, Sendable {
        case workerKilled, workerFrozen, workerReplaced
        case connectionsKilled, connectionsCut, connectionsSlow, connectionsHalfOpen
        case scriptsForgotten, redisKilled, redisTorn, redisFull, redisDiskFull
        case engineKilled, engineFrozen, engineRestarted
        case engineErrors, engineUnavailable, eventsRefused
        case keyOfWrongType, impostor
    }

    func breakThings(_ generator: SeededGenerator, until end: ContinuousClock.Instant) async throws {
        var random = generator
        // Each of them once before any twice, in an order of the seed.
        var pending: [Fault] = []
        while ContinuousClock.now < end {
            let gap = Duration.milliseconds(Int.random(in: 300...1_500, using: &random))
            try await pause(gap, because: "this is the pace of the faults")
            if pending.isEmpty { pending = Fault.allCases.shuffled(using: &random) }
            let fault = pending.removeLast()
            let moment = Duration.milliseconds(Int.random(in: 10...1_500, using: &random))
            switch fault {
            case .workerKilled, .workerFrozen, .workerReplaced: try await harmWorker(fault, moment, &random)
            case .connectionsCut, .connectionsSlow, .connectionsHalfOpen: try await harmLine(fault, moment, &random)
            case .engineKilled, .engineFrozen, .engineRestarted: try await harmEngine(fault, moment)
            case .engineErrors, .engineUnavailable, .eventsRefused:
                try await refuseCalls(fault, moment, &random)
            case .keyOfWrongType: try await breakKey(for: moment, &random)
            case .impostor: await runImpostor(&random)
            default: try await harmRedis(fault, moment, &random)
            }
            log.add(fault: fault.rawValue)
        }
    }

    /// The time that a fault lasts.
    private func lasts(_ time: Duration) async throws {
        try await pause(time, because: "a fault lasts a while")
    }

    private func harmWorker(_ fault: Fault, _ moment: Duration, _ random: inout SeededGenerator) async throws {
        let victim = fleet.workers.filter(\.process.isRunning).randomElement(using: &random)
        switch fault {
        case .workerFrozen:
            // Beyond its lease, so that another takes over what it holds.
            victim?.suspend()
            try await lasts(.seconds(Self.lease) + moment)
            victim?.resume()
        case .workerKilled:
            await victim?.kill9()
            try await startWorker()
        default:
            victim?.terminate()
            try await startWorker()
        }
    }

    private func harmLine(_ fault: Fault, _ moment: Duration, _ random: inout SeededGenerator) async throws {
        guard let line = parts.lines.randomElement(using: &random) else { return }
        switch fault {
        case .connectionsCut: line.cut()
        case .connectionsSlow:
            line.delay(by: moment / 3)
            try await lasts(.seconds(2))
            line.delay(by: .zero)
        default:
            // Those that went dead stay so; what comes later gets through.
            line.silence()
            try await lasts(moment * 2)
            line.heal()
        }
    }

    private func harmEngine(_ fault: Fault, _ moment: Duration) async throws {
        switch fault {
        case .engineKilled:
            try await parts.docker.kill9()
            try await lasts(moment)
            try await parts.docker.start()
        case .engineFrozen:
            parts.docker.suspend()
            try await lasts(moment * 3)
            parts.docker.resume()
        default:
            try await parts.docker.stop()
            try await parts.docker.start()
        }
    }

    /// An Engine that answers 500 or 503 to some calls of one kind, or has no events for a while.
    private func refuseCalls(_ fault: Fault, _ moment: Duration, _ random: inout SeededGenerator) async throws {
        let calls: [(method: String, end: String)] = [
            ("POST", "/containers/create"), ("POST", "/start"), ("POST", "/stop"), ("GET", "/json"), ("DELETE", ""),
        ]
        let call = calls.randomElement(using: &random) ?? calls[0]
        let times = Int.random(in: 1...3, using: &random)
        if fault == .eventsRefused {
            parts.engine.refuse(.init(status: 500) { _, path in path.hasSuffix("/events") })
            parts.engine.cut()
            try await lasts(.seconds(3) + moment)
        } else {
            let status = fault == .engineErrors ? 500 : 503
            parts.engine.refuse(
                .init(status: status, times: times) { method, path in method == call.method && path.hasSuffix(call.end)
                }
            )
            try await lasts(moment * 2)
        }
        parts.engine.refuse(nil)
    }

    /// Somebody writes what is no list, no set or no stream.
    private func breakKey(for time: Duration, _ random: inout SeededGenerator) async throws {
        let key = breakableKeys.randomElement(using: &random) ?? fleet.keys.dead
        let aside = key + "-aside"
        // Nobody else writes these two, so they may be moved away and back.
        _ = try? await command("RENAME", key, aside)
        try await untilTaken("SET", key, "x")
        try await lasts(time * 2)
        try await untilTaken("DEL", key)
        _ = try? await command("RENAME", aside, key)
    }

    private var breakableKeys: [String] {
        [fleet.keys.queue(Self.brokenQueue), fleet.keys.paused, fleet.keys.dead]
    }

    /// A Redis that has lost its last writes may have a broken key again.
    func removeBrokenKeys() async throws {
        for key in breakableKeys where try await command("TYPE", key).string == "string" {
            _ = try await command("DEL", key)
        }
    }

    /// Somebody else runs a container that claims to be a game's.
    private func runImpostor(_ random: inout SeededGenerator) async {
        let game = "g\(Int.random(in: 0..<games, using: &random))"
        let claims = [
            "owner=rtmanager", "namespace=\(fleet.keys.namespace)", "game_id=\(game)", "job_id=impostor", "spec=x",
        ]
        let labels = claims.flatMap { ["--label", "com.galaxy." + $0] }
        // The world's end removes what has such a name.
        let name = "\(fleet.world.prefix)-impostor-\(Int.random(in: 0..<1_000_000, using: &random))"
        // The Engine may be away at this moment; then nobody runs anything.
        _ = try? await Tool.run(
            ["docker", "--host", fleet.world.engine.host, "run", "--detach", "--name", name] + labels
                + [fleet.world.image]
        )
    }

    private func harmRedis(_ fault: Fault, _ moment: Duration, _ random: inout SeededGenerator) async throws {
        switch fault {
        case .connectionsKilled: try await untilTaken("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        case .scriptsForgotten: try await untilTaken("FUNCTION", "FLUSH")
        case .redisFull:
            try await untilTaken("CONFIG", "SET", "maxmemory", "1")
            try await lasts(moment * 2)
            try await untilTaken("CONFIG", "SET", "maxmemory", "0")
        case .redisDiskFull: try await fillDisk(for: moment * 2)
        case .redisTorn:
            await fleet.redis.kill9()
            try tearFile(&random)
            try await fleet.redis.restart()
            try await rewriteFile()
        default:
            await fleet.redis.kill9()
            try await lasts(moment)
            try await fleet.redis.restart()
        }
    }

    /// Lets Redis answer MISCONF to all that writes: its snapshot cannot take its name, which a folder has.
    private func fillDisk(for time: Duration) async throws {
        let obstacle = fleet.redis.directory + "/dump.rdb"
        try FileManager.default.createDirectory(atPath: obstacle + "/full", withIntermediateDirectories: true)
        try await untilTaken("CONFIG", "SET", "save", "3600 1")
        // One that is under way, of the file of all changes perhaps, goes first.
        try await untilTaken("BGSAVE", "SCHEDULE")
        try await eventually(
            "Redis to find its disk full",
            within: .seconds(20),
            until: { $0.contains("rdb_last_bgsave_status:err") }
        ) {
            (try? await command("INFO", "persistence"))?.string ?? ""
        }
        try await lasts(time)
        try await untilTaken("CONFIG", "SET", "save", "")
        try FileManager.default.removeItem(atPath: obstacle)
    }

    private func untilTaken(_ words: String...) async throws {
        try await eventually("Redis to take \(words)", within: .seconds(20)) {
            (try? await fleet.client.send(
                RedisCommand(words[0], arguments: words.dropFirst().map { RedisArgument.string($0) })
            )) != nil
        }
    }
}
