import Foundation
import Synchronization

/// A redis-server of one test, on a free loopback port and a socket of its own.
package final class PrivateRedis: Sendable {
    package let port: Int
    package let directory: String
    private let arguments: [String]
    private let process: CurrentProcess
    private let password: String?

    private init(port: Int, directory: String, arguments: [String], password: String?, process: ChildProcess) {
        self.port = port
        self.directory = directory
        self.arguments = arguments
        self.password = password
        self.process = CurrentProcess(process)
    }

    package var url: String { "redis://\(credentials)127.0.0.1:\(port)" }
    package var socketPath: String { directory + "/redis.sock" }
    package var unixURL: String { "unix://\(credentials)\(socketPath)" }
    package var pid: Int32 { process.value.pid }
    package var isRunning: Bool { process.value.isRunning }
    private var credentials: String { password.map { ":\($0)@" } ?? "" }

    /// Starts a server without persistence, unless `extraArguments` say otherwise, and waits until it answers.
    ///
    /// - Parameter launcher: begins its command line, such as `env` with variables.
    package static func start(
        extraArguments: [String] = [],
        requirePassword: String? = nil,
        launcher: [String] = []
    ) async throws -> PrivateRedis {
        var problem: any Error = Overdue("redis-server could not be started")
        // Another process may take the port between the choice and the start.
        for _ in 0..<5 {
            do {
                return try await startOnce(extraArguments, requirePassword, launcher)
            } catch {
                problem = error
            }
        }
        throw problem
    }

    private static func startOnce(
        _ extraArguments: [String],
        _ password: String?,
        _ launcher: [String]
    ) async throws -> PrivateRedis {
        let directory = try temporaryDirectory("redis")
        let port = try FreePort.find()
        var arguments = [
            "redis-server", "--port", "\(port)", "--bind", "127.0.0.1", "--dir", directory,
            "--unixsocket", directory + "/redis.sock", "--save", "", "--appendonly", "no", "--daemonize", "no",
        ]
        if let password { arguments += ["--requirepass", password] }
        arguments = launcher + arguments + extraArguments
        let redis = PrivateRedis(
            port: port,
            directory: directory,
            arguments: arguments,
            password: password,
            process: try await ChildProcess.start(arguments, logPath: directory + "/log")
        )
        try await redis.untilReady()
        return redis
    }

    /// Runs `body` with a server that is always taken down.
    package static func with<R>(
        extraArguments: [String] = [],
        requirePassword: String? = nil,
        launcher: [String] = [],
        _ body: (PrivateRedis) async throws -> R
    ) async throws -> R {
        let redis = try await start(
            extraArguments: extraArguments,
            requirePassword: requirePassword,
            launcher: launcher
        )
        do {
            let result = try await body(redis)
            await redis.stop()
            return result
        } catch {
            let complete = ProcessLogs.completed(error)
            await redis.stop()
            throw complete
        }
    }

    private func untilReady() async throws {
        try await eventually("redis-server on port \(port)") {
            if !process.value.isRunning {
                let status = await process.value.waitForExit() ?? -1
                throw Overdue(withLogs: "redis-server ended with \(status) (127: it is not installed)")
            }
            return process.value.log.contains("Ready to accept connections")
        }
    }

    package func stop() async {
        process.value.signal(SIGCONT)
        await process.value.end()
        try? FileManager.default.removeItem(atPath: directory)
    }

    package func kill9() async {
        process.value.signal(SIGKILL)
        _ = await process.value.waitForExit()
    }

    /// Starts it again on the same port, directory and arguments.
    package func restart() async throws {
        try? FileManager.default.removeItem(atPath: directory + "/log")
        process.value = try await ChildProcess.start(arguments, logPath: directory + "/log")
        try await untilReady()
    }

    package func suspend() { if process.value.isRunning { suspendProcess(process.value.pid) } }
    package func resume() { process.value.signal(SIGCONT) }
}

/// The process behind a rig, which a restart replaces.
final class CurrentProcess: Sendable {
    private let current: Mutex<ChildProcess>

    init(_ process: ChildProcess) { current = Mutex(process) }

    var value: ChildProcess {
        get { current.withLock { $0 } }
        set { current.withLock { $0 = newValue } }
    }
}

extension PrivateRedis {
    /// Runs `body` with a master and a replica that follows it.
    package static func withReplica<R>(
        masterArguments: [String] = [],
        _ body: (_ master: PrivateRedis, _ replica: PrivateRedis) async throws -> R
    ) async throws -> R {
        try await with(extraArguments: masterArguments) { master in
            let arguments = ["--replicaof", "127.0.0.1", "\(master.port)", "--repl-diskless-sync-delay", "0"]
            return try await with(extraArguments: arguments) { try await body(master, $0) }
        }
    }
}
