import Foundation
import Glibc
import NIOPosix
import Synchronization

/// A process that a test has started, ended by its pid alone.
package final class ChildProcess: Sendable {
    package let pid: Int32
    /// What it wrote to standard output and error.
    package let logPath: String
    /// Exit status as `waitpid` has it, once it has ended.
    private let status = Mutex<Int32?>(nil)

    /// Starts a process. The kernel kills the process when the test process dies.
    ///
    /// - Parameters:
    ///   - arguments: A program of PATH, and what it is called with.
    ///   - name: The process in a test's failure; without one, the name of the program.
    package static func start(
        _ arguments: [String],
        named name: String? = nil,
        environment: [String: String] = [:],
        logPath: String
    ) async throws -> ChildProcess {
        // The kernel kills the child when the thread that made it ends, so it must be one that stays.
        let process = try await NIOThreadPool.singleton.runIfActive {
            try ChildProcess(arguments, environment: environment, logPath: logPath)
        }
        let program = arguments.first?.split(separator: "/").last.map(String.init)
        ProcessLogs.add("\(name ?? program ?? "?") (process \(process.pid))", path: logPath)
        return process
    }

    private init(_ arguments: [String], environment: [String: String], logPath: String) throws {
        self.logPath = logPath
        let merged = ProcessInfo.processInfo.environment.merging(environment) { _, new in new }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, logPath, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        // A program that inherits a socket of another test keeps it open after both its ends are closed.
        for descriptor in CInt(3)..<1_024 { posix_spawn_file_actions_addclose(&actions, descriptor) }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // A group of its own, so that a Ctrl-C for the tests reaches it through them alone.
        // The threads of this process block signals that the child must hear.
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK))
        let words = ["setpriv", "--pdeathsig", "KILL"] + arguments
        let argv = words.map { strdup($0) } + [nil]
        let envp = merged.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for text in argv + envp { free(text) } }
        var pid: pid_t = 0
        let failure = posix_spawnp(&pid, "setpriv", &actions, &attributes, argv, envp)
        guard failure == 0 else { throw Overdue("cannot start \(arguments): \(String(cString: strerror(failure)))") }
        self.pid = pid
    }

    package var isRunning: Bool {
        status.withLock { status in
            guard status == nil else { return false }
            var raw: Int32 = 0
            guard waitpid(pid, &raw, WNOHANG) == pid else { return true }
            status = raw
            return false
        }
    }

    package func signal(_ signal: Int32) {
        // After its end the pid may be somebody else's.
        if isRunning { kill(pid, signal) }
    }

    /// Waits for the end of the process.
    ///
    /// - Returns: The exit code, 128 and the signal if a signal ended the process, or nil after `limit`.
    package func waitForExit(atMost limit: Duration = .seconds(10)) async -> Int32? {
        do {
            try await eventually("the end of process \(pid)", within: limit) { !isRunning }
        } catch {
            return nil
        }
        return status.withLock { status in
            guard let status else { return nil }
            return status & 0x7F == 0 ? (status >> 8) & 0xFF : 128 + (status & 0x7F)
        }
    }

    /// Ends it: SIGTERM, then SIGKILL.
    package func end(within limit: Duration = .seconds(5)) async {
        guard isRunning else { return }
        signal(SIGTERM)
        if await waitForExit(atMost: limit) == nil {
            signal(SIGKILL)
            _ = await waitForExit()
        }
    }

    package var log: String { (try? String(contentsOfFile: logPath, encoding: .utf8)) ?? "" }
}

/// The directory of this process for all directories of its tests. Goes with the process.
private let temporaryRoot: String = {
    atexit { try? FileManager.default.removeItem(atPath: temporaryRoot) }
    return FileManager.default.temporaryDirectory.path + "/rtm-\(UUID().uuidString.prefix(8))"
}()

/// A directory of its own for one test. The end of the process removes it.
package func temporaryDirectory(_ name: String) throws -> String {
    let path = temporaryRoot + "/\(name)-\(UUID().uuidString.prefix(8))"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    return path
}
