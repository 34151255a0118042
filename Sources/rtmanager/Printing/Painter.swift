/// How a piece of text stands out, where colours are wanted.
enum TextStyle: String, Sendable {
    case plain = ""
    case heading = "1"
    case dim = "2"
    case good = "32"
    case notable = "33"
    case bad = "31"
    case accent = "36"
}

/// Puts colours on text, or leaves it as it is.
struct Painter: Sendable, Equatable {
    var isColored = false

    func paint(_ text: TerminalText, _ style: TextStyle) -> TerminalText {
        isColored && style != .plain && text != "" ? "\u{1B}[\(style.rawValue)m\(text)\u{1B}[0m" : text
    }
}

/// What text is printed on.
struct Surface: Sendable, Equatable {
    /// Characters of a line; nil: no bound, since nobody looks at it.
    var width: Int?
    /// Lines of a screen; nil: no bound.
    var height: Int?
    var painter = Painter()

    /// Neither bounds nor colours: a file or another program.
    static let plain = Surface()
}
