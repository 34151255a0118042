import Primitives
import Testing

@testable import Terminal

@Suite("Tables")
struct TextTableTests {
    private func table(_ rows: [[TextTable.Cell]]) -> TextTable {
        var table = TextTable([.init("NAME", least: 6), .init("COUNT", isNumber: true), .init("STATE")])
        table.rows = rows
        return table
    }

    @Test("Columns are as wide as what is in them; numbers stand right")
    func natural() {
        let lines = table([["a", "1", "up"], ["a-long-name", "1,000", "paused"]]).lines(on: .plain, things: "rows")
        #expect(
            lines == [
                "NAME         COUNT  STATE", "a                1  up", "a-long-name  1,000  paused",
            ]
        )
    }

    @Test("A narrow terminal cuts what may be cut, and nothing else", arguments: [24, 30, 40])
    func narrow(width: Int) {
        let name = String(repeating: "x", count: 100)
        let lines = table([[.init(name), "1,000", "paused"]]).lines(on: Surface(width: width), things: "rows")
        #expect(lines.allSatisfy { $0.count <= width })
        #expect(lines[1].text.contains("…  1,000  paused"))
    }

    @Test("Too many rows are cut, and it is told how many")
    func rows() {
        var table = table((0..<3_000).map { [.init("n\($0)"), "1", "up"] })
        table.cut(to: 10)
        let lines = table.lines(on: .plain, things: "nodes")
        #expect(lines.count == 11)
        #expect(lines.last == "… 2,991 more nodes")
        #expect(self.table([]).lines(on: .plain, things: "nodes") == [])
    }

    @Test("What could disturb a terminal is escaped, and colours take no room")
    func safe() {
        let surface = Surface(width: 40, painter: Painter(isColored: true))
        let lines = table([[.init("\u{1B}[31mred\n", .bad), "1", "up"]]).lines(on: surface, things: "rows")
        #expect(lines[1] == "\u{1B}[31m\\u001b[31mred\\n\u{1B}[0m      1  up")
        #expect(
            table([["a", "1", "up"]]).lines(on: .plain, things: "rows").joined(by: "").text.contains("\u{1B}") == false
        )
    }

    @Test(
        "Numbers have their thousands apart",
        arguments: [(0, "0"), (999, "999"), (1_000, "1,000"), (-12_345_678, "-12,345,678")]
    )
    func groups(number: Int, text: String) { #expect(TextTable.grouped(number) == text) }
}

@Suite("Times and sizes for people")
struct ShortTests {
    @Test(
        "Spans",
        arguments: [
            (-5, "0s"), (0, "0s"), (350, "350ms"), (12_999, "12s"), (192_000, "3m12s"), (7_500_000, "2h05m"),
            (356_400_000, "4d3h"),
        ]
    )
    func spans(milliseconds: Int64, text: String) { #expect(ShortTime.span(milliseconds: milliseconds) == text) }

    @Test("Sizes", arguments: [(0, "0 B"), (999, "999 B"), (1_440_000, "1.4 MB"), (2_000_000_000, "2.0 GB")])
    func sizes(bytes: Int64, text: String) { #expect(ShortSize.text(bytes) == text) }

    @Test("A stamp is the time in UTC")
    func stamp() {
        #expect(ShortTime.stamp(Timestamp(seconds: 0, nanoseconds: 123_456_789)) == "1970-01-01 00:00:00.123")
    }
}

@Suite("JSON output")
struct JSONNodeTests {
    @Test("Members keep their order, and what is nil is left out")
    func text() {
        let node = JSONNode.object([
            ("b", .integer(1)), ("a", nil), ("c", .array([.boolean(true), .string("x\"\n")])), ("t", .time(1_500)),
        ])
        #expect(node.text == #"{"b":1,"c":[true,"x\"\n"],"t":"1970-01-01T00:00:01.500Z"}"#)
    }
}
