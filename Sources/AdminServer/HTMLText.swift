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
    static func linked(
        _ cell: TextTable.Cell,
        longest: Int = longest,
        for audience: Audience = Audience()
    ) -> String {
        let text = element("span", cell.text, cell.style, longest: longest)
        if case .console(let address, let host)? = cell.link {
            return ConsoleAddress(address, host: host)?.html(for: audience) ?? text
        }
        guard let link = cell.link, link.name.utf8.count <= ConsoleRoute.longest, let route = ConsoleRoute(link) else {
            return text
        }
        // A short form shows its whole name on hover.
        let title = link.name == cell.text ? "" : " title=\"\(escape(link.name, longest: ConsoleRoute.longest))\""
        return "<a href=\"\(route.address)\"\(title)>\(text)</a>"
    }

    static func cssClass(_ style: TextStyle) -> String? {
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
    /// - Parameters:
    ///   - things: The noun for the rows, used in the line about omitted rows.
    ///   - choices: For each row the value of its box, if a person can select rows; nil: no boxes.
    func html(things: String, choices: [String]? = nil, for audience: Audience = Audience()) -> String {
        guard !rows.isEmpty || omitted > 0 else { return "" }
        let boxes = choices.map { choices in
            choices.map { Self.box("name=\"target\" value=\"\(HTMLText.escape($0))\"", $0) }
        }
        let allBox = boxes.map { _ in "<th>\(Self.box("", "all \(things)"))</th>" } ?? ""
        let headings = columns.map { column in
            "<th\(Self.side(column))><button type=\"button\">\(HTMLText.escape(column.heading))</button></th>"
        }
        let body = rows.indices.map { row in
            let box = boxes.map { "<td>\($0[row])</td>" } ?? ""
            let cells = rows[row].indices.map { index in
                // A phone shows the heading in the cell.
                let label = " data-label=\"\(HTMLText.escape(columns[index].heading))\""
                return
                    "<td\(Self.side(columns[index]))\(label)>\(HTMLText.linked(rows[row][index], for: audience))</td>"
            }
            return "<tr\(key(of: row, choices))>\(box)\(cells.joined())</tr>\n"
        }
        let rest = omitted > 0 ? HTMLText.element("p", "… \(Self.grouped(omitted)) more \(things)", .dim) + "\n" : ""
        return
            "<table>\n<thead><tr>\(allBox)\(headings.joined())</tr></thead>\n<tbody>\n\(body.joined())</tbody></table>\n"
            + rest
    }

    /// What makes a row the same row after a change of the table; empty for a row without a name.
    private func key(of row: Int, _ choices: [String]?) -> String {
        let name = choices?[row] ?? rows[row].compactMap(\.link).first?.name
        return name.map { " data-key=\"\(HTMLText.escape($0))\"" } ?? ""
    }

    private static func box(_ attributes: String, _ label: String) -> String {
        "<input type=\"checkbox\" \(attributes) aria-label=\"Select \(HTMLText.escape(label))\">"
    }

    private static func side(_ column: Column) -> String { column.isNumber ? " class=\"number\"" : "" }
}
