import Terminal

/// Escapes text for HTML. No part of an escaped text acts as markup.
enum HTMLText {
    /// The largest size of a text before the escapes, in UTF-8 bytes.
    static let longest = 200

    /// Returns `text` without control characters, cut, and safe between tags and in quoted attributes.
    ///
    /// - Parameter longest: the largest size before the escapes, in UTF-8 bytes.
    static func escape(_ text: String, longest: Int = longest) -> String {
        // Cut first, because the removed text needs no escapes.
        let plain = EscapedText.escape(EscapedText.cut(text, to: longest), quotes: false)
        var escaped = ""
        for scalar in plain.unicodeScalars {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "'": escaped += "&#39;"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }

    /// Returns `<tag>text</tag>` in the colour of the style.
    static func element(
        _ tag: String,
        _ text: String,
        _ style: TextStyle = .plain,
        longest: Int = longest
    ) -> String {
        "<\(tag)\(cssClass(style).map { " class=\"\($0)\"" } ?? "")>\(escape(text, longest: longest))</\(tag)>"
    }

    /// Returns the text of a cell in the colour of its style, as a link to the page of what the cell names. No page has
    /// a longer name than an address may hold.
    static func linked(_ cell: TextTable.Cell, longest: Int = longest) -> String {
        let text = element("span", cell.text, cell.style, longest: longest)
        guard let link = cell.link, link.name.utf8.count <= ConsoleRoute.longest else { return text }
        return "<a href=\"\(ConsoleRoute(link).address)\">\(text)</a>"
    }

    private static func cssClass(_ style: TextStyle) -> String? {
        switch style {
        case .plain, .heading, .accent: nil
        case .dim: "dim"
        case .good: "good"
        case .notable: "notable"
        case .bad: "bad"
        }
    }
}

extension TextTable {
    /// Returns the table under its headings as HTML. An empty table gives an empty text.
    ///
    /// - Parameter things: The noun for the rows, used in the line about omitted rows.
    package func html(things: String) -> String {
        guard !rows.isEmpty || omitted > 0 else { return "" }
        func row(_ tag: String, _ cells: [String]) -> String { "<\(tag)>" + cells.joined() + "</\(tag)>\n" }
        func cell(_ tag: String, _ index: Int, _ cell: Cell) -> String {
            let content = HTMLText.linked(cell)
            return "<\(tag)\(columns[index].isNumber ? " class=\"number\"" : "")>\(content)</\(tag)>"
        }
        let headings = row("tr", columns.indices.map { cell("th", $0, Cell(columns[$0].heading)) })
        let body = rows.map { cells in row("tr", cells.indices.map { cell("td", $0, cells[$0]) }) }.joined()
        let rest = omitted > 0 ? HTMLText.element("p", "… \(Self.grouped(omitted)) more \(things)", .dim) + "\n" : ""
        return "<table>\n" + headings + body + "</table>\n" + rest
    }
}
