/// The style of text on a terminal with colours.
package enum TextStyle: String, Sendable {
    case plain = ""
    case heading = "1"
    case dim = "2"
    case good = "32"
    case notable = "33"
    case bad = "31"
    case accent = "36"
}

/// Adds colours to text, unless colours are off.
package struct Painter: Sendable, Equatable {
    package var isColored = false

    package init(isColored: Bool = false) {
        self.isColored = isColored
    }

    package func paint(_ text: TerminalText, _ style: TextStyle) -> TerminalText {
        isColored && style != .plain && text != "" ? "\u{1B}[\(style.rawValue)m\(text)\u{1B}[0m" : text
    }
}

/// The destination of printed text: a terminal, a file or another program.
package struct Surface: Sendable, Equatable {
    /// The number of characters in a line; nil: no bound, because the output is no terminal.
    package var width: Int?
    /// The number of lines on a screen; nil: no bound.
    package var height: Int?
    package var painter = Painter()

    package init(width: Int? = nil, height: Int? = nil, painter: Painter = Painter()) {
        self.width = width
        self.height = height
        self.painter = painter
    }

    /// A surface without bounds and colours, such as a file or another program.
    package static let plain = Surface()
}
