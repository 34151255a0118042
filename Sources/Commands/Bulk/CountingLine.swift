import Terminal

/// A line on stderr that counts what is done. Only a terminal has the line.
struct CountingLine: Sendable {
    private let isShown: Bool
    private let surface = Surface.standardError

    init(isShown: Bool) { self.isShown = isShown && Surface.standardError.width != nil }

    func show(_ text: String) {
        guard isShown else { return }
        let text = TextTable.cut(text, to: max(1, (surface.width ?? 80) - 1))
        StandardError.write(text: "\r\u{1B}[K\(surface.painter.paint(TerminalText(text), .dim))")
    }

    /// Removes the line.
    func clear() {
        if isShown { StandardError.write(text: "\r\u{1B}[K") }
    }
}
