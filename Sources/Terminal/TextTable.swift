/// A table of rows under headings. Columns are as wide as their content; some shrink to fit the terminal.
package struct TextTable: Sendable, Equatable {
    package struct Column: Sendable, Equatable {
        package var heading: String
        /// Whether the cells are aligned right, as numbers are.
        package var isNumber = false
        /// The smallest width of the column on a narrow terminal, in characters; nil: the column keeps its width.
        var least: Int?
        /// Whether the column is left out on a terminal that is too narrow for all columns.
        var isRare = false
        /// Whether long cells go on in further lines instead of being cut. Only the last column may wrap.
        var wraps = false

        /// The column with long cells cut.
        package var cutting: Column {
            var column = self
            column.wraps = false
            return column
        }

        package init(
            _ heading: String,
            isNumber: Bool = false,
            least: Int? = nil,
            isRare: Bool = false,
            wraps: Bool = false
        ) {
            self.heading = heading
            self.isNumber = isNumber
            self.least = wraps ? heading.count : least
            self.isRare = isRare
            self.wraps = wraps
        }
    }

    /// Something with a page of its own, by its whole name. A terminal shows no links.
    package enum Link: Sendable, Equatable {
        case game(String)
        case job(String)
        case node(String)
        /// The console of a worker, by its address as the worker says it, and the worker's machine.
        case console(String, host: String)

        package var name: String {
            switch self {
            case .game(let name), .job(let name), .node(let name), .console(let name, _): name
            }
        }
    }

    package struct Cell: Sendable, Equatable, ExpressibleByStringLiteral, ExpressibleByStringInterpolation {
        package var text: String
        package var style = TextStyle.plain
        /// What the cell names; nil: nothing with a page of its own.
        package var link: Link?

        package init(_ text: String, _ style: TextStyle = .plain, link: Link? = nil) {
            self.text = text
            self.style = style
            self.link = link
        }

        package init(stringLiteral value: String) { text = value }

        /// Returns a node's short id, which names the whole id as a link.
        package static func node(_ id: String, _ style: TextStyle = .plain) -> Cell {
            Cell(ShortID.node(id), style, link: .node(id))
        }
    }

    package var columns: [Column]
    package var rows: [[Cell]] = []
    /// The number of rows left out.
    package var omitted = 0

    package init(_ columns: [Column]) { self.columns = columns }

    /// Cuts the table to `limit` lines of rows, including the line about omitted rows.
    package mutating func cut(to limit: Int) {
        guard rows.count + (omitted > 0 ? 1 : 0) > limit else { return }
        let kept = max(0, limit - 1)
        omitted += rows.count - kept
        rows = Array(rows.prefix(kept))
    }

    /// Returns the headings and rows as lines. An empty table has no lines.
    ///
    /// - Parameter things: The noun for the rows, used in the line about omitted rows.
    package func lines(on surface: Surface, things: String) -> [TerminalText] {
        fitting(surface.width).allLines(on: surface, things: things)
    }

    private func allLines(on surface: Surface, things: String) -> [TerminalText] {
        guard !rows.isEmpty || omitted > 0 else { return [] }
        let widths = widths(within: surface.width)
        let headings = columns.map { Cell($0.heading, .dim) }
        var lines = [line(headings, widths, surface)] + rows.flatMap { self.lines(of: $0, widths, surface) }
        if omitted > 0 {
            lines.append(surface.painter.paint("… \(Self.grouped(omitted)) more \(things)", .dim))
        }
        return lines
    }

    /// Returns a row as a line, and the rest of a cell that wraps in further lines.
    private func lines(of cells: [Cell], _ widths: [Int], _ surface: Surface) -> [TerminalText] {
        guard let width = surface.width, columns.last?.wraps == true, let last = cells.last else {
            return [line(cells, widths, surface)]
        }
        let text = EscapedText.escape(last.text, quotes: false)
        let begin = widths.dropLast().reduce(0) { $0 + $1 + 2 }
        if begin + text.count <= width { return [line(cells, widths, surface)] }
        var parts: [String] = []
        var indent = begin
        if width - begin >= TextWrap.least {
            parts = TextWrap.lines(text, first: width - begin, rest: width - begin)
        } else {
            // The column is too narrow for a paragraph, so the paragraph stands below the row.
            indent = 4
            parts = [""] + TextWrap.lines(text, first: width - indent, rest: width - indent)
        }
        let painted = parts.map { surface.painter.paint(TerminalText($0), last.style) }
        var head = line(Array(cells.dropLast()), widths, surface)
        if parts[0] != "" { head += TerminalText.spaces(begin - head.visibleCount) + painted[0] }
        return [head] + painted.dropFirst().map { TerminalText.spaces(indent) + $0 }
    }

    private func line(_ cells: [Cell], _ widths: [Int], _ surface: Surface) -> TerminalText {
        var line: TerminalText = ""
        for (index, cell) in cells.enumerated() {
            if index > 0 { line += "  " }
            let whole = EscapedText.escape(cell.text, quotes: false)
            let text = TerminalText(columns[index].wraps ? whole : Self.cut(whole, to: widths[index]))
            let padding = TerminalText.spaces(widths[index] - text.count)
            let painted = surface.painter.paint(text, cell.style)
            let isLast = index == cells.count - 1
            line += columns[index].isNumber ? padding + painted : painted + (isLast ? "" : padding)
        }
        return line
    }

    /// Returns the table without the rare columns that do not fit, the last ones first.
    private func fitting(_ width: Int?) -> TextTable {
        guard let width else { return self }
        var table = self
        while table.leastWidth > width, let index = table.columns.lastIndex(where: \.isRare) {
            table.columns.remove(at: index)
            for row in table.rows.indices { table.rows[row].remove(at: index) }
        }
        return table
    }

    private var leastWidth: Int {
        let widths = widths(within: nil)
        return columns.indices.reduce(2 * (columns.count - 1)) { $0 + min(widths[$1], columns[$1].least ?? .max) }
    }

    /// Returns the widths of the columns. On a narrow terminal, the widest shrinkable column shrinks first.
    private func widths(within width: Int?) -> [Int] {
        var widths = columns.indices.map { index in
            rows.reduce(columns[index].heading.count) {
                max($0, EscapedText.escape($1[index].text, quotes: false).count)
            }
        }
        guard let width else { return widths }
        let room = width - 2 * (columns.count - 1)
        while widths.reduce(0, +) > room {
            let flexible = columns.indices.filter { widths[$0] > max(columns[$0].least ?? .max, 1) }
            // A cell that wraps loses nothing in a narrow column.
            let wrapping = flexible.last { columns[$0].wraps }
            guard let widest = wrapping ?? flexible.max(by: { widths[$0] < widths[$1] }) else { break }
            widths[widest] -= 1
        }
        return widths
    }

    package static func cut(_ text: String, to width: Int) -> String {
        text.count > width ? text.prefix(max(0, width - 1)) + "…" : text
    }

    /// Returns a number with separated thousands, such as `12,003`.
    package static func grouped(_ number: Int) -> String {
        let digits = String(number.magnitude)
        var text = ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index).isMultiple(of: 3) { text += "," }
            text.append(digit)
        }
        return number < 0 ? "-" + text : text
    }
}
