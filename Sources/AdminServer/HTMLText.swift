import Pages
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

    /// Returns `<tag>text</tag>` in the colour of the style, with each word of the glossary as a link to its meaning.
    static func explained(_ tag: String, _ text: String, _ style: TextStyle = .plain) -> String {
        let text = EscapedText.cut(text, to: longest)
        let label = Glossary.word(ofWholeLabel: text)
        let parts = label == nil ? Glossary.parts(of: text) : [(text: text[...], word: label)]
        let html = parts.map { part in
            let shown = escape(String(part.text))
            guard let word = part.word else { return shown }
            return "<a class=\"word\" href=\"/words#\(word.anchor)\"\(title(of: word))>\(shown)</a>"
        }
        return "<\(tag)\(cssClass(style).map { " class=\"\($0)\"" } ?? "")>\(html.joined())</\(tag)>"
    }

    /// Returns a text of our own, with the parts between backticks as code.
    static func withCode(_ text: String) -> String {
        text.split(separator: "`", omittingEmptySubsequences: false).enumerated().map { index, part in
            index.isMultiple(of: 2) ? escape(String(part), longest: 1_000) : element("code", String(part))
        }.joined()
    }

    /// Returns the attribute with the meaning of a word; empty without a word.
    static func title(of word: GlossaryWord?) -> String {
        word.map { " title=\"\(escape("\($0.name): \($0.text)", longest: 1_000))\"" } ?? ""
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
            let title = HTMLText.title(of: Glossary.word(ofLabel: column.heading))
            return
                "<th\(Self.side(column))><button type=\"button\"\(title)>\(HTMLText.escape(column.heading))</button></th>"
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
