import JobContract
import Foundation
import Support
import Terminal
import Testing

@testable import AdminServer
@testable import Pages

@Suite("Words of the pages")
struct GlossaryTests {
    /// The sentences of docs/glossary.md, by the words.
    private static func documented() throws -> [String: String] {
        let file = ContractSchemas.root.appending(path: "docs/glossary.md")
        let parts = try String(contentsOf: file, encoding: .utf8).components(separatedBy: "\n### ").dropFirst()
        let pairs = parts.map { part in
            let lines = part.split(separator: "\n")
            return (String(lines[0]), lines.dropFirst().joined(separator: " "))
        }
        return Dictionary(uniqueKeysWithValues: pairs)
    }

    @Test("have the sentences of the documentation")
    func documentation() throws {
        let documented = try Self.documented()
        try #require(documented.count > 40)
        for word in Glossary.words { #expect(documented[word.name] == word.text, "\(word.name)") }
    }

    @Test("have one meaning each, with an anchor of its own on the page of words")
    func page() {
        let forms = Glossary.words.flatMap { $0.forms + $0.labels }
        #expect(Set(forms).count == forms.count)
        let html = ConsoleContent.words.html
        for word in Glossary.words {
            #expect(html.components(separatedBy: "<dt id=\"\(word.anchor)\">").count == 2, "\(word.name)")
            #expect(word.anchor.allSatisfy { $0.isLowercase || $0 == "-" })
        }
    }

    @Test("have names of settings and commands as code")
    func code() {
        #expect(HTMLText.withCode("a `<b>` c") == "a <code>&lt;b&gt;</code> c")
        #expect(ConsoleContent.words.html.contains("<code>RTM_CONCURRENCY</code>"))
    }

    @Test(
        "are the ones that strangers have asked for",
        arguments: [
            "admitted", "permit", "lane", "lease", "grace", "fence", "epoch", "drained", "dead letter", "window",
        ]
    )
    func known(label: String) { #expect(Glossary.word(ofLabel: label) != nil) }

    @Test("explain each sentence once, and no part of another word")
    func parts() {
        func found(_ text: String) -> [String] { Glossary.parts(of: text).compactMap { $0.word.map(\.name) } }
        #expect(found("3 admitted in 2 lanes, 1 dead; 4 lanes") == ["Admitted", "Lane", "Dead letter"])
        #expect(found("planes released") == [] && found("") == [])
        #expect(found("Dead letters") == ["Dead letter"])
        let text = "the window is full: ü lanes"
        #expect(Glossary.parts(of: text).map { String($0.text) }.joined() == text)
    }

    @Test("lead from sums, facts and the heading to their meaning, and explain columns and figures")
    func links() {
        let link = "<a class=\"word\" href=\"/words#lane\" title=\"Lane: The ordered list"
        #expect(ConsoleContent([.note("in 2 lanes", .plain)]).html.contains("in 2 " + link))
        #expect(HTMLText.explained("dt", "lease").hasPrefix("<dt><a class=\"word\" href=\"/words#lease\""))
        #expect(
            HTMLText.explained("dt", "run").contains("/words#run") && !HTMLText.explained("p", "they run").contains("#")
        )
        #expect(ConsoleFrame(route: .dead(DeadPage()), worker: "w").html(around: "").contains("/words#dead-letter"))
        #expect(!ConsoleFrame(route: .game("lease"), worker: "w").html(around: "").contains("/words#lease"))
        #expect(Tile.html([Tile("dead letters", "1")]).contains("<li title=\"Dead letter: "))
        var table = TextTable([.init("LISTENER")])
        table.rows = [["x"]]
        #expect(table.html(things: "nodes").contains("<button type=\"button\" title=\"Leader: "))
        #expect(ConsoleFrame(route: .nodes, worker: "w").html(around: "").contains("<footer><a href=\"/words\">"))
    }

    @Test("leave hostile text as text")
    func hostile() {
        let html = HTMLText.explained("p", "<script> lane \"'&\u{202E}" + String(repeating: "x", count: 10_000))
        #expect(
            html.contains("&lt;script&gt; <a class=\"word\"") && !html.contains("<script") && html.utf8.count < 1_000
        )
    }
}
