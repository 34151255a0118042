import Foundation
import Logging
import Redis

/// Three sentinels of one test. They watch a master and find its replicas.
package final class PrivateSentinels: Sendable {
    package static let master = "games"

    package let ports: [Int]
    private let directory: String
    private let processes: [ChildProcess]

    private init(ports: [Int], directory: String, processes: [ChildProcess]) {
        (self.ports, self.directory, self.processes) = (ports, directory, processes)
    }

    /// The URL of the master that they watch.
    package var url: String {
        "redis+sentinel://\(ports.map { "127.0.0.1:\($0)" }.joined(separator: ","))/\(Self.master)"
    }

    /// Runs `body` with sentinels that know each other and a replica, and takes them down in the end.
    ///
    /// - Parameter extraLines: More lines of their configuration.
    package static func with<R>(
        watching port: Int,
        extraLines: [String] = [],
        login: String? = nil,
        _ body: (PrivateSentinels) async throws -> R
    ) async throws -> R {
        let sentinels = try await start(3, watching: port, extraLines)
        do {
            try await sentinels.untilComplete(login)
            let result = try await body(sentinels)
            await sentinels.stop()
            return result
        } catch {
            let complete = ProcessLogs.completed(error)
            await sentinels.stop()
            throw complete
        }
    }

    /// Runs `body` with the port of a single sentinel, and takes it down in the end.
    package static func withOne<R>(watching port: Int, _ body: (Int) async throws -> R) async throws -> R {
        let sentinel = try await start(1, watching: port, [])
        do {
            try await eventually("the sentinel to answer") { (try? await sentinel.masterPort()) == port }
            let result = try await body(sentinel.ports[0])
            await sentinel.stop()
            return result
        } catch {
            let complete = ProcessLogs.completed(error)
            await sentinel.stop()
            throw complete
        }
    }

    private static func start(
        _ count: Int,
        watching port: Int,
        _ extraLines: [String]
    ) async throws -> PrivateSentinels {
        let directory = try temporaryDirectory("sentinel")
        let ports = try (0..<count).map { _ in try FreePort.find() }
        var processes: [ChildProcess] = []
        for own in ports {
            let lines =
                [
                    "port \(own)", "bind 127.0.0.1", "dir \(directory)",
                    "sentinel monitor \(master) 127.0.0.1 \(port) 2",
                    "sentinel down-after-milliseconds \(master) 700", "sentinel failover-timeout \(master) 6000",
                ] + extraLines
            let file = "\(directory)/\(own).conf"
            try (lines.joined(separator: "\n") + "\n").write(toFile: file, atomically: true, encoding: .utf8)
            processes.append(
                try await ChildProcess.start(["redis-server", file, "--sentinel"], logPath: "\(directory)/\(own).log")
            )
        }
        return PrivateSentinels(ports: ports, directory: directory, processes: processes)
    }

    private func untilComplete(_ login: String?) async throws {
        for port in ports {
            try await eventually(
                "sentinel \(port) to know the others and a replica",
                until: { $0["num-other-sentinels"] == "2" && ($0["num-slaves"].flatMap { Int($0) } ?? 0) > 0 }
            ) {
                let reply = try? await ask(port, RedisCommand("SENTINEL", "MASTER", .string(Self.master)), login)
                var fields: [String: String] = [:]
                var words = (reply?.array ?? [])[...]
                while let name = words.popFirst()?.string, let value = words.popFirst()?.string { fields[name] = value }
                return fields
            }
        }
    }

    /// Sends a command to a sentinel.
    private func ask(_ port: Int, _ command: RedisCommand, _ login: String?) async throws -> RedisValue {
        var configuration = try RedisConfiguration(url: "redis://\(login.map { "\($0)@" } ?? "")127.0.0.1:\(port)")
        configuration.acceptsReplica = true
        let connection = RedisBlockingConnection(configuration, logger: .silent)
        let reply = await Result { try await connection.send(command, serverTimeout: .seconds(5)) }
        await connection.close()
        return try reply.get()
    }

    /// Lets the sentinels make the replica the master, although the master lives.
    package func failOver() async throws {
        let command = RedisCommand("SENTINEL", "FAILOVER", .string(Self.master))
        // A sentinel refuses while its picture of the replica is not complete.
        try await eventually("a sentinel to begin the failover") {
            (try? await ask(ports[0], command, nil)) == .status("OK")
        }
    }

    /// The port of the master that a sentinel names.
    package func masterPort() async throws -> Int? {
        let command = RedisCommand("SENTINEL", "GET-MASTER-ADDR-BY-NAME", .string(Self.master))
        return try await ask(ports[0], command, nil).array?.last?.integer.map { Int($0) }
    }

    /// Kills the sentinel of this index.
    package func kill(_ index: Int) async {
        processes[index].signal(SIGKILL)
        _ = await processes[index].waitForExit()
    }

    private func stop() async {
        for process in processes { await process.end() }
        try? FileManager.default.removeItem(atPath: directory)
    }
}

extension Result where Failure == any Error {
    /// The outcome of an operation.
    fileprivate init(_ body: () async throws -> Success) async {
        do {
            self = .success(try await body())
        } catch {
            self = .failure(error)
        }
    }
}
