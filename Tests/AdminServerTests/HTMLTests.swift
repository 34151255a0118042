import JobContract
import Testing

@testable import AdminServer
@testable import Terminal

@Suite("HTML of tables and pages")
struct HTMLTests {
    @Test("a table has its headings, its numbers on the right, and its colours")
    func table() {
        var table = TextTable([.init("GAME"), .init("COUNT", isNumber: true)])
        table.rows = [["a<b", .init("1", .good)], [.init("x", .dim), .init("2", .bad)]]
        table.omitted = 1_234
        #expect(
            table.html(things: "games")
                == """
                <table>
                <thead><tr><th><button type="button">GAME</button></th><th class="number"><button type="button">COUNT</button></th></tr></thead>
                <tbody>
                <tr><td data-label="GAME"><span>a&lt;b</span></td><td class="number" data-label="COUNT"><span class="good">1</span></td></tr>
                <tr><td data-label="GAME"><span class="dim">x</span></td><td class="number" data-label="COUNT"><span class="bad">2</span></td></tr>
                </tbody></table>
                <p class="dim">… 1,234 more games</p>

                """
        )
        #expect(TextTable([.init("GAME")]).html(things: "games") == "")
    }

    @Test("a node has its short id in a cell, and its whole id in the title and the address")
    func nodes() {
        let id = Array(repeating: "OY67", count: 12).joined(separator: ":")
        let html = HTMLText.linked(.node(id))
        #expect(
            html == "<a href=\"\(ConsoleRoute.node(NodeID(id)).address)\" title=\"\(id)\"><span>OY67:OY67…</span></a>"
        )
        #expect(HTMLText.linked(.node("n1")) == "<a href=\"/nodes/n1\"><span>n1</span></a>")
    }

    @Test(
        "a style is a class, except styles of a terminal alone",
        arguments: [
            (TextStyle.plain, "<p>x</p>"), (.heading, "<p>x</p>"), (.accent, "<p>x</p>"),
            (.dim, "<p class=\"dim\">x</p>"), (.good, "<p class=\"good\">x</p>"),
            (.notable, "<p class=\"notable\">x</p>"), (.bad, "<p class=\"bad\">x</p>"),
        ]
    )
    func styles(style: TextStyle, html: String) { #expect(HTMLText.element("p", "x", style) == html) }

    @Test("a page before the first read of Redis has the worker's checks and the problem")
    func page() {
        let checks = [
            Readiness.Check(name: "loop", holds: true, reason: "it takes jobs"),
            Readiness.Check(name: "redis", holds: false, reason: "a<b"),
        ]
        let readiness = Readiness(checks: checks)
        let page = DashboardPage(readiness: readiness, problem: String(repeating: "x", count: 130)).html(of: "w<1>")
        #expect(
            page.hasPrefix("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>rtmanager</title>")
        )
        let body = page.split(separator: "<div id=\"content\">\n")[1]
        #expect(
            body == """
                <p class="bad">redis: a&lt;b</p>
                <p class="good">loop: it takes jobs</p>
                <p class="bad">Redis was not read: \(String(repeating: "x", count: 120))...</p>
                </div>
                </main>
                <footer><a href="/words">Words of these pages</a></footer></body></html>

                """
        )
    }
}
