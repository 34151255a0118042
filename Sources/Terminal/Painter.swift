/// How a piece of text stands out, where colours are wanted.
package enum TextStyle: String, Sendable {
    case plain = ""
    case heading = "1"
    case dim = "2"
    case good = "32"
    case notable = "33"
    case bad = "31"
    case accent = "36"
}

/// Puts colours on text, or leaves it as it is.
package struct Painter: Sendable, Equatable {
    package var isColored = false

    package init(isColored: Bool = false) {
        self.isColored = isColored
    }

    package func paint(_ text: TerminalText, _ style: TextStyle) -> TerminalText {
        isColored && style != .plain && text != "" ? "\u{1B}[\(style.rawValue)m\(text)\u{1B}[0m" : text
    }
}

/// What text is printed on.
package struct Surface: Sendable, Equatable {
    /// Characters of a line; nil: no bound, since nobody looks at it.
    package var width: Int?
    /// Lines of a screen; nil: no bound.
    package var height: Int?
    package var painter = Painter()

    /// Neither bounds nor colours: a file or another program.
    package static let plain = Surface()
}
