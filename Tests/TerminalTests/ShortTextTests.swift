import Primitives
import Testing

@testable import Terminal

@Suite("Times and sizes at their bounds")
struct ShortTextTests {
    @Test(
        "a span has one or two units",
        arguments: [
            (Int64.min, "0s"), (1, "1ms"), (999, "999ms"), (1_000, "1s"), (59_999, "59s"), (60_000, "1m00s"),
            (3_599_999, "59m59s"), (3_600_000, "1h00m"), (86_399_999, "23h59m"), (86_400_000, "1d0h"),
            (31_536_000_000, "365d0h"),
        ]
    )
    func spans(milliseconds: Int64, text: String) { #expect(ShortTime.span(milliseconds: milliseconds) == text) }

    @Test(
        "a Docker Engine's id has a short form, and any other name of a node is whole",
        arguments: [
            ("OY67:XLWO:KXQY:7ABC:7ABC:7ABC:7ABC:7ABC:7ABC:7ABC:7ABC:7ABC", "OY67:XLWO…"), ("node-1", "node-1"),
            ("OY67:XLWO:KXQY", "OY67:XLWO:KXQY"), ("", ""),
            ("OY67:XLWO:KXQY:7ABC:7ABC:7ABC:7ABC:7ABC:7ABC:7ABC:7ABC:7AB", nil),
            ("2f5c4a52-5a3e-4b58-8d8e-2d5c7c8e9f10", nil),
        ]
    )
    func nodes(_ id: String, _ short: String?) { #expect(ShortID.node(id) == short ?? id) }

    @Test("a span between two times, the later one first, is none")
    func between() {
        let (begin, end) = (Timestamp(millisecondsSinceEpoch: 1_000), Timestamp(millisecondsSinceEpoch: 66_000))
        #expect(ShortTime.span(from: begin, to: end) == "1m05s" && ShortTime.span(from: end, to: begin) == "0s")
    }

    @Test(
        "a stamp has the date, the time and milliseconds",
        arguments: [
            (Int64(0), "1970-01-01 00:00:00.000"), (1_777_863_721_007, "2026-05-04 03:02:01.007"),
            (951_782_399_999, "2000-02-28 23:59:59.999"),
        ]
    )
    func stamps(milliseconds: Int64, text: String) {
        #expect(ShortTime.stamp(Timestamp(millisecondsSinceEpoch: milliseconds)) == text)
    }

    @Test(
        "a size has a number below 1,000 before its unit, rounded to a tenth",
        arguments: [
            (1, "1 B"), (1_000, "1.0 kB"), (1_049, "1.0 kB"), (1_050, "1.1 kB"), (999_949, "999.9 kB"),
            (999_950, "1.0 MB"), (999_999, "1.0 MB"), (999_999_999, "1.0 GB"), (1_000_000_000_000, "1.0 TB"),
            (12_345_000_000_000_000, "12345.0 TB"), (-5, "-5 B"),
        ] as [(Int64, String)]
    )
    func sizes(bytes: Int64, text: String) { #expect(ShortSize.text(bytes) == text) }

    @Test("thousands are separated", arguments: [(-999, "-999"), (-1_000, "-1,000"), (1_000_000, "1,000,000")])
    func thousands(number: Int, text: String) { #expect(TextTable.grouped(number) == text) }
}

@Suite("Numbers of things")
struct ShortCountTests {
    @Test("one thing has the singular", arguments: [(0, "0 jobs"), (1, "1 job"), (2, "2 jobs"), (1_234, "1,234 jobs")])
    func counts(number: Int, text: String) { #expect(ShortCount.text(number, "job", "jobs") == text) }
}
