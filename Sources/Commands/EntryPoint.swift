import ArgumentParser
import Terminal

/// The entry point of a program, for its `main.swift`.
package enum EntryPoint {
    /// Runs the command named by the process's arguments, and ends the process with the command's exit code.
    package static func run<Root: AsyncParsableCommand>(_ root: Root.Type) async -> Never {
        OutputSignals.ignoreClosedPipes()
        do {
            let arguments = Array(CommandLine.arguments.dropFirst())
            if let unknown = UnknownCommand.find(in: arguments, of: root) {
                throw CommandError.wrongUse(unknown.message)
            }
            var command = try await root.asyncParseAsRoot(RestartCommand.rewritten(arguments))
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

    /// Prints the message of `error` and ends the process. Help goes to stdout, and everything else to stderr.
    private static func exit<Root: ParsableCommand>(after error: any Error, _ root: Root.Type) -> Never {
        let reason = root.exitReason(of: error)
        let text = message(for: error, CommandLine.arguments, root)
        if text != "" {
            if reason == .done {
                StandardOutput.write(line: text)
            } else {
                StandardError.write(line: text)
            }
        }
        end(reason, root)
    }

    /// Ends the process. A command with incomplete output has failed, unless the reader closed the pipe.
    private static func end<Root: ParsableCommand>(_ reason: ExitReason, _ root: Root.Type) -> Never {
        var reason = reason
        if reason == .done, let sentence = StandardOutput.problem?.sentence {
            StandardError.write(line: "Error: \(sentence)")
            reason = .failed
        }
        root.exit(withError: ExitCode(reason.rawValue))
    }

    /// Returns the help page or the message of an error.
    ///
    /// - Parameter arguments: The name of the program and its arguments.
    static func message<Root: ParsableCommand>(
        for error: any Error,
        _ arguments: [String],
        _ root: Root.Type
    ) -> TerminalText {
        if let error = error as? CommandError { return error.text }
        if root.exitReason(of: error) == .wrongUse,
            let unknown = UnknownOption.find(in: Array(arguments.dropFirst()), of: root)
        {
            return CommandError.wrongUse(unknown.message).text
        }
        return usage(root.fullMessage(for: error), arguments)
    }

    /// Returns a help page or a message about wrong arguments, ready to print. Arguments in the message stay on a
    /// single line.
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
    /// Returns the exit reason of a command ended by `error`.
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
