import Terminal

/// The result of a check by the doctor.
package struct Finding: Sendable, Equatable {
    package enum Level: String, Sendable {
        case ok
        /// Everything works, but something may go wrong.
        case warning
        /// Something does not work, or loses jobs.
        case failure
        /// Redis or Docker does not answer.
        case outOfReach = "out_of_reach"
    }

    package var check: String
    package var level: Level
    /// The result as a sentence for a person.
    package var text: String
    /// The fix; nil: there is nothing to fix.
    package var mend: String?

    package static func ok(_ check: String, _ text: String) -> Finding { Finding(check: check, level: .ok, text: text) }

    package static func warning(_ check: String, _ text: String, mend: String) -> Finding {
        Finding(check: check, level: .warning, text: text, mend: mend)
    }

    package static func failure(_ check: String, _ text: String, mend: String) -> Finding {
        Finding(check: check, level: .failure, text: text, mend: mend)
    }

    package static func outOfReach(_ check: String, _ text: String, mend: String) -> Finding {
        Finding(check: check, level: .outOfReach, text: text, mend: mend)
    }

    /// Returns a line with the finding, and a line below with the fix.
    package func lines(on surface: Surface, width: Int) -> [TerminalText] {
        let (word, style): (TerminalText, TextStyle) =
            switch level {
            case .ok: ("ok  ", .good)
            case .warning: ("warn", .notable)
            case .failure, .outOfReach: ("FAIL", .bad)
            }
        let padding = TerminalText.spaces(width - check.count)
        let first: TerminalText = "\(surface.painter.paint(word, style))  \(check)\(padding)  \(text)"
        let indent = TerminalText.spaces(width + 8)
        return [first] + (mend.map { [indent + surface.painter.paint("mend: \($0)", .accent)] } ?? [])
    }

    package var json: JSONNode {
        .object([
            ("check", .string(check)), ("level", .string(level.rawValue)), ("text", .string(text)),
            ("mend", mend.map { .string($0) }),
        ])
    }
}

/// All findings of the doctor.
package struct Diagnosis: Sendable, Equatable {
    package var findings: [Finding]

    package init(findings: [Finding]) {
        self.findings = findings
    }

    package func lines(on surface: Surface) -> [TerminalText] {
        let width = findings.map(\.check.count).max() ?? 0
        return findings.flatMap { $0.lines(on: surface, width: width) }
    }

    /// The error at the end of the command; nil: no check failed.
    package var error: CommandError? {
        let levels = findings.map(\.level)
        let failures = levels.count { $0 == .failure || $0 == .outOfReach }
        let sentence = failures == 1 ? "1 check failed" : "\(failures) checks failed"
        if levels.contains(.outOfReach) { return .outOfReach(sentence) }
        return failures > 0 ? .failed(sentence) : nil
    }
}
