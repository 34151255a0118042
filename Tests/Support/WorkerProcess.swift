import Foundation

/// The program under test, which is built beside the tests.
package enum Program {
    /// `.build/debug/rtmanager`
    package static var path: String {
        get throws {
            let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
            let path = URL(fileURLWithPath: own).deletingLastPathComponent().appendingPathComponent("rtmanager").path
            guard FileManager.default.isExecutableFile(atPath: path) else {
                throw ToolFailure(description: "\(path) is not there: build it with `swift build`")
            }
            return path
        }
    }

    /// Runs a command of the program to its end.
    package static func run(
        _ arguments: [String],
        environment: [String: String],
        within limit: Duration = patience
    ) async throws -> ProgramOutput {
        let directory = try temporaryDirectory("command")
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let errors = directory + "/errors"
        // The shell parts the two outputs, which one log would mix.
        let process = try await ChildProcess.start(
            ["sh", "-c", #"exec "$@" 2>"$ERRORS""#, "sh", path] + arguments,
            environment: environment.merging(["ERRORS": errors]) { $1 },
            logPath: directory + "/output"
        )
        guard let code = await process.waitForExit(atMost: limit) else {
            await process.end()
            throw Overdue("`rtmanager \(arguments.joined(separator: " "))` did not end within \(limit)")
        }
        let text = (try? String(contentsOfFile: errors, encoding: .utf8)) ?? ""
        return ProgramOutput(exitCode: code, output: process.log, errors: text)
    }
}

/// What a command of the program answered.
package struct ProgramOutput: Sendable {
    package let exitCode: Int32
    /// Standard output.
    package let output: String
    /// Standard error.
    package let errors: String
}

/// A worker of a test, in a process of its own.
package struct WorkerProcess: Sendable {
    package let process: ChildProcess

    /// Starts one and waits until it takes jobs, but where `untilReady` is false.
    ///
    /// - Parameters:
    ///   - host: Begins its command line, to run it on another host.
    ///   - program: Another build of the program.
    static func start(
        on host: [String] = [],
        program: String? = nil,
        environment: [String: String],
        logPath: String,
        untilReady: Bool = true
    ) async throws -> WorkerProcess {
        let worker = WorkerProcess(
            process: try await ChildProcess.start(
                host + [try program ?? Program.path, "worker"],
                named: "worker",
                environment: environment,
                logPath: logPath
            )
        )
        guard untilReady else { return worker }
        do {
            try await worker.untilItSays("worker is ready")
        } catch {
            await worker.process.end()
            throw error
        }
        return worker
    }

    /// Whether `id`, as Redis knows a worker, is this one.
    package func isWorker(_ id: String) -> Bool { id.split(separator: "-").dropLast().last == "\(process.pid)" }

    package func kill9() async {
        process.signal(SIGKILL)
        _ = await process.waitForExit()
    }

    package func terminate() { process.signal(SIGTERM) }
    package func suspend() { if process.isRunning { suspendProcess(process.pid) } }
    package func resume() { process.signal(SIGCONT) }

    /// Waits for a line of its log that has `text` in it.
    package func untilItSays(_ text: String, within limit: Duration = patience) async throws {
        try await eventually("\"\(text)\" in the log of worker \(process.pid)", within: limit) {
            if process.log.contains(text) { return true }
            guard process.isRunning else { throw Overdue(withLogs: "worker \(process.pid) has ended") }
            return false
        }
    }
}
