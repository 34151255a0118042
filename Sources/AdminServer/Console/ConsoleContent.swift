import Pages
import Terminal

/// The content of a console page, from top to bottom.
package struct ConsoleContent: Sendable, Equatable {
    /// A part of a page.
    package enum Block: Sendable, Equatable {
        case heading(String)
        case note(String, TextStyle)
        case facts([PageFact])
        /// A table, with the noun for its rows. An empty table says so.
        case table(TextTable, of: String)
        /// Commands to copy.
        case commands([String])
        case link(ConsoleRoute, String)
    }

    /// Whether the page is about something that is not known; the answer is then 404.
    package var isMissing = false
    package var blocks: [Block]

    package init(_ blocks: [Block], isMissing: Bool = false) {
        self.blocks = blocks
        self.isMissing = isMissing
    }

    /// The content below the heading as HTML.
    var html: String { blocks.map(Self.html).filter { !$0.isEmpty }.joined(separator: "\n") }

    private static func html(_ block: Block) -> String {
        switch block {
        case .heading(let text): return HTMLText.element("h2", text)
        case .note(let text, let style): return HTMLText.element("p", text, style)
        case .facts(let facts): return html(facts)
        case .table(let table, let things):
            let html = table.html(things: things)
            return html.isEmpty ? HTMLText.element("p", "no \(things)", .dim) : html
        case .commands(let commands):
            let lines = commands.map { HTMLText.element("code", $0, longest: 1_000) }
            return "<p class=\"commands\">" + lines.joined(separator: "<br>\n") + "</p>"
        case .link(let route, let text):
            return "<p><a href=\"\(route.address)\">\(HTMLText.escape(text))</a></p>"
        }
    }

    private static func html(_ facts: [PageFact]) -> String {
        // The name of the thing is the heading of the page already.
        let rows = facts.filter { $0.value.style != .heading }.map { fact in
            HTMLText.element("dt", fact.name) + "<dd>\(HTMLText.linked(fact.value, longest: 2_000))</dd>"
        }
        return "<dl>\n" + rows.joined(separator: "\n") + "\n</dl>"
    }
}
