/// How a command ended, as its exit code says it.
package enum ExitReason: Int32, Sendable, CaseIterable {
    case done = 0
    /// What was asked for was tried, and failed.
    case failed = 1
    /// The command line or a setting is wrong; nothing was tried.
    case wrongUse = 2
    /// Redis or Docker did not answer.
    case outOfReach = 3
}

/// Why a command ended without doing what it was asked for. The text is for the person who called it.
package enum CommandError: Error, Sendable, Equatable, CustomStringConvertible {
    case failed(String)
    case wrongUse(String)
    case outOfReach(String)

    package var description: String {
        switch self {
        case .failed(let text), .wrongUse(let text), .outOfReach(let text): text
        }
    }

    /// As it is printed. What is wrong with a command line or with settings may have lines of its own, in which foreign
    /// text is quoted; all else is one line.
    package var text: TerminalText {
        let masked = MaskedURL.maskAll(in: description)
        if case .wrongUse = self { return "Error: \(TerminalText(lines: masked))" }
        return "Error: \(masked)"
    }

    package var reason: ExitReason {
        switch self {
        case .failed: .failed
        case .wrongUse: .wrongUse
        case .outOfReach: .outOfReach
        }
    }
}
