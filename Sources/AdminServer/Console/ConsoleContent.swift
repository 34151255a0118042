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
        /// A form to choose rows.
        case filter(ConsoleRoute, [FilterField])
        /// Figures to see at a glance.
        case tiles([Tile])
        case charts([Chart])
        /// A problem, with the command against it.
        case advice(String, TextStyle, command: String?)
        /// Buttons, for people with the right to act.
        case actions([ConsoleAction])
        /// Buttons behind the name of what they are about.
        case named(String, [ConsoleAction])
        /// A table with selectable rows for one of the actions, by a value for each row.
        case choices(TextTable, of: String, Choice)
        /// Words with their meanings.
        case words([GlossaryWord])
    }

    /// The values of the selectable rows, and the actions for them.
    package struct Choice: Sendable, Equatable {
        package struct Button: Sendable, Equatable {
            var word: String
            var label: String
        }

        /// For each row the value of its box.
        var values: [String]
        var actions: [Button]
    }

    /// Whether the page is about something that is not known; the answer is then 404.
    package var isMissing = false
    /// Why the content is not up to date; nil: it is.
    package var staleness: Staleness?
    package var blocks: [Block]

    package init(_ blocks: [Block], isMissing: Bool = false) {
        self.blocks = blocks
        self.isMissing = isMissing
    }

    /// The content below the heading as HTML, for readers.
    var html: String { html(for: Audience()) }

    /// Returns the content below the heading as HTML.
    func html(for audience: Audience) -> String {
        blocks.map { Self.html($0, audience) }.filter { !$0.isEmpty }.joined(separator: "\n")
    }

    private static func html(_ block: Block, _ audience: Audience) -> String {
        let access = audience.access
        switch block {
        case .heading(let text): return HTMLText.element("h2", text)
        case .note(let text, let style): return HTMLText.explained("p", text, style)
        case .facts(let facts): return html(facts)
        case .table(let table, let things): return html(table, things, audience)
        case .choices(let table, let things, let choice) where access == .act && !table.rows.isEmpty:
            return Templates.render(
                .choices,
                [
                    "table": .text(table.html(things: things, choices: choice.values, for: audience)),
                    "buttons": .list(
                        choice.actions.map { .fields(["do": .text($0.word), "label": .text($0.label)]) }
                    ),
                ]
            )
        case .choices(let table, let things, _): return html(table, things, audience)
        case .actions(let actions): return access == .act && !actions.isEmpty ? html(actions, of: "") : ""
        case .named(let name, let actions): return access == .act ? html(actions, of: name) : ""
        case .words(let words): return html(words)
        case .filter(let route, let fields): return FilterField.html(fields, on: route)
        case .tiles(let tiles): return Tile.html(tiles)
        case .charts(let charts): return Chart.html(charts)
        case .advice(let text, let style, let command):
            let code = command.map { " " + HTMLText.element("code", $0, longest: 1_000) } ?? ""
            return "<p>" + HTMLText.element("span", text, style) + code + "</p>"
        case .commands(let commands):
            let lines = commands.map { HTMLText.element("code", $0, longest: 1_000) }
            return "<p class=\"commands\">" + lines.joined(separator: "<br>\n") + "</p>"
        case .link(let route, let text):
            return "<p><a href=\"\(HTMLText.escape(route.address, longest: 2_000))\">\(HTMLText.escape(text))</a></p>"
        }
    }

    private static func html(_ table: TextTable, _ things: String, _ audience: Audience) -> String {
        let html = table.html(things: things, for: audience)
        return html.isEmpty ? HTMLText.element("p", "no \(things)", .dim) : html
    }

    private static func html(_ actions: [ConsoleAction], of name: String) -> String {
        let buttons = actions.map { action in
            TemplateValue.fields([
                "address": .text(HTMLText.escape(action.address, longest: 2_000)), "label": .text(action.label),
                "tone": .text(action.tone),
            ])
        }
        return Templates.render(.actions, ["actions": .list(buttons), "thing": .text(name)])
    }

    private static func html(_ facts: [PageFact]) -> String {
        // The name of the thing is the heading of the page already.
        let rows = facts.filter { $0.value.style != .heading }.map { fact in
            HTMLText.explained("dt", fact.name) + "<dd>\(HTMLText.linked(fact.value, longest: 2_000))</dd>"
        }
        return "<dl>\n" + rows.joined(separator: "\n") + "\n</dl>"
    }

    private static func html(_ words: [GlossaryWord]) -> String {
        let rows = words.map { word in
            "<dt id=\"\(word.anchor)\">\(HTMLText.escape(word.name))</dt>"
                + "<dd>\(HTMLText.withCode(word.text))</dd>"
        }
        return "<dl class=\"words\">\n" + rows.joined(separator: "\n") + "\n</dl>"
    }

    /// The words that the pages use.
    static let words = ConsoleContent([.words(Glossary.words)])
}
