import ArgumentParser
import Terminal

/// What the `main.swift` of a program calls.
package enum EntryPoint {
    /// Runs the command that the process' arguments name, and ends the process with its exit code.
    package static func run<Root: AsyncParsableCommand>(_ root: Root.Type) async -> Never {
        OutputSignals.ignoreClosedPipes()
        do {
            var command = try await root.asyncParseAsRoot()
            if var asyncCommand = command as? any AsyncParsableCommand {
                try await asyncCommand.run()
            } else {
                try command.run()
            }
            end(.done, root)
        } catch {
            exit(after: error, root)
        }
    }

    /// Prints what `error` has to say, help to stdout and all else to stderr, and ends the process.
    private static func exit<Root: ParsableCommand>(after error: any Error, _ root: Root.Type) -> Never {
        let reason = root.exitReason(of: error)
        let text = (error as? CommandError)?.text ?? usage(root.fullMessage(for: error), CommandLine.arguments)
        if text != "" {
            if reason == .done {
                StandardOutput.write(line: text)
            } else {
                StandardError.write(line: text)
            }
        }
        end(reason, root)
    }

    /// Ends the process. A command whose output is not complete has failed; whoever closes the pipe wants no more.
    private static func end<Root: ParsableCommand>(_ reason: ExitReason, _ root: Root.Type) -> Never {
        var reason = reason
        if reason == .done, let sentence = StandardOutput.problem?.sentence {
            StandardError.write(line: "Error: \(sentence)")
            reason = .failed
        }
        root.exit(withError: ExitCode(reason.rawValue))
    }

    /// A help page, or what is wrong with the arguments, which it may repeat: those stand on one line.
    package static func usage(_ page: String, _ arguments: [String]) -> TerminalText {
        var page = page
        let values = arguments.dropFirst().flatMap { [$0] + $0.split(separator: "=", maxSplits: 1).map(String.init) }
        for value in values {
            let escaped = EscapedText.escape(value, quotes: false)
            if escaped != value { page = page.replacing(value, with: escaped) }
        }
        return TerminalText(lines: MaskedURL.maskAll(in: page))
    }
}

extension ParsableCommand {
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
    package static let help = """
        Exit codes: 0 done, 1 the operation failed, 2 wrong use,
        3 Redis or Docker out of reach.
        """
}
