import Foundation
import JobContract
import Primitives
import Redis

@testable import Models
@testable import Support

extension History {
    /// What there is now.
    init(of fleet: Fleet, pushes: [Push]) async throws {
        self.init(pushes: pushes)
        results = try await fleet.results().map { result in
            Result(
                id: result.jobID,
                run: result.fields["run"].flatMap { Int($0) } ?? 1,
                game: result.gameID ?? "",
                outcome: result.outcome ?? .failed,
                effect: result.effect ?? .none,
                containerID: result.containerID,
                takenAt: result.fields["taken_at"].flatMap { Timestamp(rfc3339: $0) },
                finishedAt: result.fields["finished_at"].flatMap { Timestamp(rfc3339: $0) } ?? Timestamp(seconds: 0),
                node: result.fields["node"].map { NodeID($0) },
                code: result.errorCode
            )
        }
        events = try await fleet.events().map { Event(fields: $0) }
        for id in try await fleet.containers(all: false) {
            guard let shown = try await fleet.world.engine.inspect(id.text) else { continue }
            running[id] = GameID(shown.Config.Labels?["com.galaxy.game_id"] ?? shown.Name)
        }
        leftovers = try await Self.leftovers(of: fleet)
    }

    private static func leftovers(of fleet: Fleet) async throws -> [String] {
        var found: [String] = []
        for names in ["lane:*", "disowned:*"] {
            let keys = try await fleet.client.send(RedisCommand("KEYS", .string(fleet.keys.prefix + names))).array ?? []
            found += keys.compactMap(\.string)
        }
        for name in ["leases", "delayed", "deadlines"] {
            let key = RedisArgument.string(fleet.keys.prefix + name)
            let count = try await fleet.client.send(RedisCommand("ZCARD", key)).integer ?? 0
            if count != 0 { found.append("\(count) in \(name)") }
        }
        let games = try await fleet.client.send(RedisCommand("HKEYS", .string(fleet.keys.prefix + "lanes"))).array ?? []
        found += games.compactMap(\.string).map { "a lane of \($0)" }
        let window = try await fleet.client.send(RedisCommand("HGET", .string(fleet.keys.meta), "window")).string ?? "0"
        if window != "0" { found.append("the window counts \(window) jobs") }
        return found
    }

    /// Leaves what a person needs to find out why, and says where.
    func keep(_ name: String, _ fleet: Fleet) {
        let path = FileManager.default.temporaryDirectory.path + "/\(name).txt"
        var lines = pushes.map { "push \($0)" } + results.map { "result \($0)" } + events.map { "event \($0)" }
        lines += running.map { "running \($0)" } + hosts.runs.map { "run \($0)" }
        lines += hosts.losses.map { "loss \($0)" } + hosts.contacts.map { "contacts \($0)" }
        lines += hosts.reservations.map { "reservations \($0)" }
        lines += fleet.workers.map { "--- worker \($0.process.pid)\n\($0.process.log)" }
        try? lines.joined(separator: "\n").write(toFile: path, atomically: true, encoding: .utf8)
        let folder = String(path.dropLast(4)) + ".aof"
        try? FileManager.default.removeItem(atPath: folder)
        try? FileManager.default.copyItem(atPath: fleet.redis.directory + "/appendonlydir", toPath: folder)
        print("the whole history: \(path), and the writes of Redis: \(folder)")
    }
}
