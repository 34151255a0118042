import ArgumentParser

/// The program.
@main
struct RootCommand: AsyncParsableCommand {
    /// The program's version.
    static let version = "0.1.0"

    static let configuration = CommandConfiguration(
        commandName: "rtmanager",
        abstract: "Runs game engines in containers, as jobs on Redis ask for it.",
        discussion: """
            Examples:
              rtmanager demo
              rtmanager worker --redis-url redis://127.0.0.1:6379
              rtmanager start lobby --image registry.example/engine:1.4 --wait
              rtmanager stop lobby --wait

            \(ExitReason.help)
            """,
        version: version,
        subcommands: [
            WorkerCommand.self, StartCommand.self, StopCommand.self, RemoveCommand.self, RestartCommand.self,
            StatusCommand.self, JobCommand.self, HistoryCommand.self, WatchCommand.self, DeadCommand.self,
            QueueCommand.self, NodeCommand.self, DoctorCommand.self, BenchCommand.self, BenchWorkerCommand.self,
            DemoCommand.self,
        ]
    )

    static func main() async {
        do {
            var command = try await asyncParseAsRoot()
            if var asyncCommand = command as? any AsyncParsableCommand {
                try await asyncCommand.run()
            } else {
                try command.run()
            }
        } catch {
            exit(after: error)
        }
    }

    /// Prints what `error` has to say, help to stdout and all else to stderr, and ends the process.
    private static func exit(after error: any Error) -> Never {
        let reason = exitReason(of: error)
        let text = (error as? CommandError).map { "Error: \($0)" } ?? fullMessage(for: error)
        if !text.isEmpty {
            if reason == .done {
                StandardOutput.write(line: text)
            } else {
                StandardError.write(line: text)
            }
        }
        exit(withError: ExitCode(reason.rawValue))
    }

    /// The exit code that says how a command with `error` ended.
    static func exitReason(of error: any Error) -> ExitReason {
        if let error = error as? CommandError { return error.reason }
        switch exitCode(for: error) {
        case .success: return .done
        case .validationFailure: return .wrongUse
        case let code: return ExitReason(rawValue: code.rawValue) ?? .failed
        }
    }
}

extension ExitReason {
    /// The exit codes, for the help.
    static let help = """
        Exit codes: 0 done, 1 the operation failed, 2 wrong use,
        3 Redis or Docker out of reach.
        """
}
