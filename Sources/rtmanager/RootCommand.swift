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
        OutputSignals.ignoreClosedPipes()
        do {
            var command = try await asyncParseAsRoot()
            if var asyncCommand = command as? any AsyncParsableCommand {
                try await asyncCommand.run()
            } else {
                try command.run()
            }
            end(.done)
        } catch {
            exit(after: error)
        }
    }

    /// Prints what `error` has to say, help to stdout and all else to stderr, and ends the process.
    private static func exit(after error: any Error) -> Never {
        let reason = exitReason(of: error)
        let text = (error as? CommandError)?.text ?? usage(fullMessage(for: error), CommandLine.arguments)
        if text != "" {
            if reason == .done {
                StandardOutput.write(line: text)
            } else {
                StandardError.write(line: text)
            }
        }
        end(reason)
    }

    /// Ends the process. A command whose output is not complete has failed; whoever closes the pipe wants no more.
    private static func end(_ reason: ExitReason) -> Never {
        var reason = reason
        if reason == .done, let sentence = StandardOutput.problem?.sentence {
            StandardError.write(line: "Error: \(sentence)")
            reason = .failed
        }
        exit(withError: ExitCode(reason.rawValue))
    }

    /// A help page, or what is wrong with the arguments, which it may repeat: those stand on one line.
    static func usage(_ page: String, _ arguments: [String]) -> TerminalText {
        var page = page
        let values = arguments.dropFirst().flatMap { [$0] + $0.split(separator: "=", maxSplits: 1).map(String.init) }
        for value in values {
            let escaped = EscapedText.escape(value, quotes: false)
            if escaped != value { page = page.replacing(value, with: escaped) }
        }
        return TerminalText(lines: MaskedURL.maskAll(in: page))
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
