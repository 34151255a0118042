import Primitives
import QueueAdmin
import Terminal

extension TopState {
    /// The number of rows of a list on the screen.
    var pageSize: Int { max(1, height - head(Painter()).count - 3) }

    /// Returns the screen: exactly as many lines as the terminal has, none of them wider than the terminal.
    package func screen(_ painter: Painter) -> [TerminalText] {
        var lines: [TerminalText]
        switch mode {
        case .detail(let detail, let from):
            let all = detail.lines(on: Surface(width: width, height: nil, painter: painter))
            lines = Array(all.dropFirst(from).prefix(max(0, height - 1)))
        default: lines = head(painter) + [tabs(painter)] + list(painter)
        }
        lines = Array(lines.prefix(max(0, height - 1)))
        lines += Array(repeating: "", count: max(0, height - 1 - lines.count))
        return lines + [foot(painter)]
    }

    private func cut(_ text: String) -> TerminalText {
        TerminalText(TextTable.cut(EscapedText.escape(text, quotes: false), to: width))
    }

    /// The title, the sums and the remarks.
    private func head(_ painter: Painter) -> [TerminalText] {
        guard let status = data?.status else { return [cut(problem ?? "reading")] }
        var lines = [cut("\(status.title)   \(ShortTime.stamp(status.now).dropLast(4)) UTC")]
        lines += status.sumLines(width: width).map { TerminalText($0) }
        let remarks = (problem.map { ["Redis was not read: \($0)"] } ?? []) + status.remarks
        return lines + remarks.prefix(max(0, height / 4)).map { painter.paint(cut($0), .bad) }
    }

    private func tabs(_ painter: Painter) -> TerminalText {
        let parts = TopTab.allCases.enumerated().map { index, tab -> TerminalText in
            let count = data.map { " \(TextTable.grouped($0.count(tab)))" } ?? ""
            let text: TerminalText =
                tab == self.tab ? "[\(index + 1) \(tab.rawValue)\(count)]" : " \(index + 1) \(tab.rawValue)\(count) "
            return painter.paint(text, tab == self.tab ? .heading : .dim)
        }
        return parts.joined(by: " ")
    }

    /// The headings and the rows around the chosen one.
    private func list(_ painter: Painter) -> [TerminalText] {
        guard let data else { return [] }
        let rows = rows
        guard !rows.isEmpty else {
            return ["", painter.paint(cut(filter.isEmpty ? "  none" : "  none matches \(filter)"), .dim)]
        }
        let first = max(0, min(place - pageSize / 2, rows.count - pageSize))
        let shown = rows.dropFirst(first).prefix(pageSize)
        var table = TextTable(data.list(tab).columns.map(\.cutting))
        table.rows = shown.map(\.cells)
        let lines = table.lines(on: Surface(width: max(1, width - 2), height: nil, painter: painter), things: "rows")
        return lines.enumerated().map { index, line in
            // The first line has the headings.
            let isChosen = index > 0 && first + index - 1 == place
            return (isChosen ? painter.paint("> ", .accent) : "  ") + line
        }
    }

    /// The last line: a question, the filter, the outcome of an action, or the keys.
    private func foot(_ painter: Painter) -> TerminalText {
        switch mode {
        case .question(let action): return painter.paint(cut("\(action.question)? y/n"), .notable)
        case .filter: return cut("/\(filter)_")
        case .detail: return painter.paint(cut("Esc back  Up Down scroll"), .dim)
        case .list:
            if let message { return painter.paint(cut(message), .notable) }
            let keys = "/ filter  Enter show  r retry  d drop  p pause  Tab next  q end"
            return painter.paint(cut(filter.isEmpty ? keys : "filter: \(filter)  Esc all  " + keys), .dim)
        }
    }
}
