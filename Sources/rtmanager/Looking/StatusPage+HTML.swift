extension StatusPage {
    /// Rows of each table in a browser: a page stays small, however large the fleet is.
    static let mostRowsInBrowser = 200

    /// The page for browsers: it needs nothing else, and loads itself anew every few seconds.
    var html: String {
        var body = "<h1>\(Self.escaped(title))</h1>\n<p>\(Self.escaped(sums))</p>\n"
        body += remarks.map { "<p class=\"bad\">\(Self.escaped($0))</p>\n" }.joined()
        for (table, things) in tables {
            var table = table
            table.cut(to: Self.mostRowsInBrowser)
            body += table.html(things: things)
        }
        return Self.document(body)
    }

    /// What is shown where Redis does not answer.
    static func htmlApology(_ title: String, _ problem: String) -> String {
        document("<h1>\(escaped(title))</h1>\n<p class=\"bad\">\(escaped(problem))</p>\n")
    }

    private static func document(_ body: String) -> String {
        """
        <!doctype html>
        <html lang="en">
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width">
        <meta http-equiv="refresh" content="3">
        <title>rtmanager</title>
        <style>
        :root { color-scheme: light dark; font: 14px/1.5 ui-monospace, monospace; }
        body { margin: 1.5rem; }
        h1 { font-size: 1.1rem; }
        table { border-collapse: collapse; margin: 1rem 0; }
        th { opacity: .6; font-weight: normal; }
        th, td { padding: .1rem 1.2rem .1rem 0; text-align: left; white-space: nowrap; }
        .number { text-align: right; }
        .good { color: light-dark(#137333, #81c995); }
        .notable { color: light-dark(#8a5a00, #fdd663); }
        .bad { color: light-dark(#b3261e, #f28b82); }
        .dim { opacity: .6; }
        </style>
        \(body)</html>

        """
    }

    /// Text as it is shown, whatever is in it.
    static func escaped(_ text: String) -> String {
        var escaped = ""
        for character in EscapedText.escape(text, quotes: false) {
            switch character {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "'": escaped += "&#39;"
            default: escaped.append(character)
            }
        }
        return escaped
    }
}

extension TextTable {
    /// Nothing where there are no rows.
    ///
    /// - Parameter things: what rows are, for the line that tells how many were left out.
    fileprivate func html(things: String) -> String {
        guard !rows.isEmpty || omitted > 0 else { return "" }
        var html = "<table>\n<tr>" + columns.map { "<th\(Self.classes($0, .plain))>\($0.heading)</th>" }.joined()
        for row in rows {
            html += "</tr>\n<tr>"
            for (column, cell) in zip(columns, row) {
                html += "<td\(Self.classes(column, cell.style))>\(StatusPage.escaped(cell.text))</td>"
            }
        }
        html += "</tr>\n</table>\n"
        if omitted > 0 { html += "<p class=\"dim\">… \(Self.grouped(omitted)) more \(things)</p>\n" }
        return html
    }

    private static func classes(_ column: Column, _ style: TextStyle) -> String {
        let names = (column.isNumber ? ["number"] : []) + (style == .plain ? [] : ["\(style)"])
        return names.isEmpty ? "" : " class=\"\(names.joined(separator: " "))\""
    }
}
