/// The outcome of a command, as the exit code of the process.
package enum ExitReason: Int32, Sendable, CaseIterable {
    case done = 0
    /// The command tried the request, and the request failed.
    case failed = 1
    /// The command line or a setting is wrong. The command tried nothing.
    case wrongUse = 2
    /// Redis or Docker did not answer.
    case outOfReach = 3
    /// A signal ended the command. Shells use 128 and the number of SIGINT.
    case interrupted = 130
}

/// The reason why a command failed. The text is for the caller of the command.
package enum CommandError: Error, Sendable, Equatable, CustomStringConvertible {
    case failed(String)
    case wrongUse(String)
    case outOfReach(String)
    case interrupted(String)

    package var description: String {
        switch self {
        case .failed(let text), .wrongUse(let text), .outOfReach(let text), .interrupted(let text): text
        }
    }

    /// The error message, ready to print and with masked URLs.
    ///
    /// A message about wrong use may have several lines; foreign text in these lines is already quoted. Every other
    /// message is a single line.
    package var text: TerminalText {
        let masked = MaskedURL.maskAll(in: description)
        if case .wrongUse = self { return "Error: \(TerminalText(lines: masked))" }
        if case .interrupted = self { return "\(masked)" }
        return "Error: \(masked)"
    }

    package var reason: ExitReason {
        switch self {
        case .failed: .failed
        case .wrongUse: .wrongUse
        case .outOfReach: .outOfReach
        case .interrupted: .interrupted
        }
    }
}
