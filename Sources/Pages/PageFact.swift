import Terminal

/// A fact of a page: its name, and its value.
package struct PageFact: Sendable, Equatable {
    package var name: String
    package var value: TextTable.Cell

    package init(_ name: String, _ value: TextTable.Cell) {
        self.name = name
        self.value = value
    }
}

extension [PageFact] {
    /// Returns the facts as lines: the names in a column, and the values beside them. Long values go on in further
    /// lines.
    package func lines(on surface: Surface) -> [TerminalText] {
        let indent = (map(\.name.count).max() ?? 0) + 2
        return flatMap { fact -> [TerminalText] in
            let text = EscapedText.escape(fact.value.text, quotes: false)
            let room = (surface.width ?? .max) - indent
            let parts = room < TextWrap.least ? [text] : TextWrap.lines(text, first: room, rest: room)
            let values = parts.map { surface.painter.paint(TerminalText($0), fact.value.style) }
            let padding = TerminalText.spaces(indent - fact.name.count)
            return [surface.painter.paint("\(fact.name)", .dim) + padding + values[0]]
                + values.dropFirst().map { TerminalText.spaces(indent) + $0 }
        }
    }
}
