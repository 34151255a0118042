import Testing

@testable import Terminal

@Suite("Layout of tables")
struct TableLayoutTests {
    /// A table as `rtmanager status` has: some columns shrink, others keep their width.
    private static let jobs: TextTable = {
        var table = TextTable([
            .init("JOB", least: 8), .init("KIND"), .init("GAME", least: 6), .init("ATTEMPT", isNumber: true),
            .init("NOW", least: 10),
        ])
        table.rows = [
            [.init("start-arena-7-20260504", .accent), "start", "arena-7", "1", .init("pulling 3/8 layers", .notable)],
            ["j", "remove", "a-game-with-a-name-of-forty-five-characters-x", "12", ""],
        ]
        table.omitted = 1_234
        return table
    }()

    private func text(_ surface: Surface) -> String {
        Self.jobs.lines(on: surface, things: "jobs").joined(by: "\n").text
    }

    @Test("without a bound every cell is whole")
    func unbounded() {
        #expect(
            text(.plain) == """
                JOB                     KIND    GAME                                           ATTEMPT  NOW
                start-arena-7-20260504  start   arena-7                                              1  pulling 3/8 layers
                j                       remove  a-game-with-a-name-of-forty-five-characters-x       12  \("")
                … 1,234 more jobs
                """
        )
    }

    @Test("on 80 columns the widest column shrinks first")
    func eighty() {
        #expect(
            text(Surface(width: 80)) == """
                JOB                   KIND    GAME                   ATTEMPT  NOW
                start-arena-7-20260…  start   arena-7                      1  pulling 3/8 layers
                j                     remove  a-game-with-a-name-o…       12  \("")
                … 1,234 more jobs
                """
        )
    }

    @Test("on 60 columns all shrinkable columns shrink, and the others keep their width")
    func sixty() {
        #expect(
            text(Surface(width: 60)) == """
                JOB            KIND    GAME           ATTEMPT  NOW
                start-arena-…  start   arena-7              1  pulling 3/8 …
                j              remove  a-game-with-…       12  \("")
                … 1,234 more jobs
                """
        )
    }

    @Test("a table that cannot shrink enough keeps its least widths")
    func tooNarrow() {
        let lines = Self.jobs.lines(on: Surface(width: 10), things: "jobs").map(\.text)
        #expect(lines[1] == "start-a…  start   arena…        1  pulling 3…")
        #expect(lines[0] == "JOB       KIND    GAME    ATTEMPT  NOW")
    }

    @Test(
        "a text is cut to the width, with a mark in the last column",
        arguments: [
            ("abc", 3, "abc"), ("abcd", 3, "ab…"), ("ab", 1, "…"), ("", 0, ""), ("äöü", 2, "ä…"), ("a", 0, "…"),
        ]
    )
    func cuts(text: String, width: Int, expected: String) { #expect(TextTable.cut(text, to: width) == expected) }

    @Test(
        "a cut keeps room for the line about omitted rows",
        arguments: [(5, 5, 5, 0), (5, 4, 3, 2), (5, 1, 0, 5), (5, 0, 0, 5), (0, 0, 0, 0)]
    )
    func limits(count: Int, limit: Int, kept: Int, omitted: Int) {
        var table = TextTable([.init("A")])
        table.rows = Array(repeating: ["x"], count: count)
        table.cut(to: limit)
        #expect(table.rows.count == kept && table.omitted == omitted)
        // A second, smaller cut adds to the first.
        table.cut(to: 1)
        #expect(table.rows.count + table.omitted == count)
    }

    @Test("colours take no columns, and headings are dim")
    func coloured() {
        let surface = Surface(width: 60, painter: Painter(isColored: true))
        let plain = text(Surface(width: 60))
        let coloured = text(surface)
        #expect(coloured.replacing(#/\u{1B}\[[0-9]*m/#, with: "") == plain)
        #expect(coloured.hasPrefix("\u{1B}[2mJOB\u{1B}[0m"))
        #expect(coloured.contains("\u{1B}[36mstart") && coloured.contains("\u{1B}[33mpull"))
        #expect(coloured.hasSuffix("\u{1B}[2m… 1,234 more jobs\u{1B}[0m"))
    }
}
