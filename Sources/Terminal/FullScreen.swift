#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// The whole screen of a terminal, for a command that shows one changing page and takes single keys.
package enum FullScreen {
    /// Runs `body` on an empty screen, with keys that come at once. Afterwards the terminal is as before, however `body`
    /// ends.
    package static func with<Value>(_ body: () async throws -> Value) async rethrows -> Value {
        var saved = termios()
        let hasSaved = tcgetattr(STDIN_FILENO, &saved) == 0
        var raw = saved
        // Ctrl-C comes as a key, so that the terminal is put back before the command ends.
        raw.c_lflag &= ~tcflag_t(ICANON | ECHO | ISIG | IEXTEN)
        raw.c_iflag &= ~tcflag_t(IXON | ICRNL)
        if hasSaved { _ = tcsetattr(STDIN_FILENO, TCSAFLUSH, &raw) }
        StandardOutput.write(text: "\u{1B}[?1049h\u{1B}[?25l")
        defer {
            StandardOutput.write(text: "\u{1B}[?25h\u{1B}[?1049l")
            if hasSaved { _ = tcsetattr(STDIN_FILENO, TCSAFLUSH, &saved) }
        }
        return try await body()
    }

    /// Returns the text that puts lines on the screen from its top, in the place of what is there.
    ///
    /// - Parameter endsLine: Whether the last line has a line feed. A line feed in the last row would scroll the screen.
    package static func frame(_ lines: [TerminalText], endsLine: Bool) -> TerminalText {
        let text = lines.map { $0 + "\u{1B}[K" }.joined(by: "\r\n")
        return "\u{1B}[H" + text + (endsLine ? "\r\n" : "") + "\u{1B}[J"
    }
}
