import Terminal

/// The consent of a person to a change of many things.
enum Confirmation {
    /// Throws unless a person agrees.
    ///
    /// - Parameters:
    ///   - action: What would be done, such as `stop 12 games`.
    ///   - isGiven: Whether the arguments have the consent (`--yes`).
    ///   - hasDryRun: Whether the command has the flag `--dry-run`.
    static func require(_ action: String, isGiven: Bool, hasDryRun: Bool = true) async throws(CommandError) {
        if isGiven { return }
        guard TerminalInput.hasPerson else {
            let hint = hasDryRun ? "; --dry-run shows what would be done" : ""
            throw .wrongUse("to \(action) without a terminal needs --yes\(hint)")
        }
        StandardError.write(text: "\(action)? [y/N] ")
        let answer = await TerminalInput.line(within: .seconds(300))
        guard agrees(answer ?? "") else { throw .failed("nothing was done") }
    }

    /// Returns whether a typed line means yes.
    static func agrees(_ line: String) -> Bool {
        ["y", "yes"].contains(line.split(whereSeparator: \.isWhitespace).joined(separator: " ").lowercased())
    }
}
