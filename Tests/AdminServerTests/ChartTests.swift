import Foundation
import JobContract
import Testing

@testable import AdminServer
@testable import QueueAdmin

@Suite("Charts of the last minutes")
struct ChartTests {
    private static func figures(_ minute: Int64, _ finished: Int, failed: Int = 0, wait: Int64? = nil) -> MinuteFigures
    {
        var figures = MinuteFigures(minute: minute)
        (figures.finished, figures.failed, figures.waitMost, figures.waitMedian) = (finished, failed, wait, wait)
        return figures
    }

    @Test("sum equal parts of time, and leave a gap where nobody counted")
    func parts() {
        let history = MinuteHistory([
            Self.figures(90, 1), Self.figures(100, 2, failed: 1, wait: 5), Self.figures(101, 3, wait: 9),
        ])
        let parts = history.parts(now: 104 * 60_000, count: 3, size: 5)
        #expect(parts.map { $0?.finished } == [1, nil, 5])
        #expect(parts[2]?.failed == 1 && parts[2]?.waitMost == 9)
        #expect(history.parts(now: 0, count: 2, size: 1) == [nil, nil])
        #expect(MinuteHistory().charts(now: 0).isEmpty && history.charts(now: 104 * 60_000).count == 6)
    }

    @Test("of a day end with the last whole quarter, and say before the first one when it comes")
    func firstQuarter() {
        func minutes(_ count: Int64) -> Int64 { count * 60_000 }
        let history = MinuteHistory([Self.figures(100, 2), Self.figures(101, 3)])
        let early = history.charts(now: minutes(104))
        #expect(early.prefix(3).allSatisfy { $0.absence == nil } && early[0].html.contains("class=\"line\""))
        for chart in early.suffix(3) {
            #expect(
                chart.html.contains("last day") && chart.html.contains("<p class=\"dim\">first point at 01:45 UTC</p>")
            )
            #expect(!chart.html.contains("<svg"))
            #expect(!chart.html.contains(" a 15 minutes"))
        }
        let later = history.charts(now: minutes(105))
        #expect(later.suffix(3).allSatisfy { $0.absence == nil } && later[3].values.last == 5)
        // A quarter that is not over would look like a fall.
        let next = MinuteHistory(history.minutes + [Self.figures(106, 1)]).charts(now: minutes(107))
        #expect(next[3].values.last == 5)
    }

    @Test("count the results of a minute, with the waiting times that are known")
    func figures() {
        func result(_ outcome: String, _ waited: Int?) -> JobResult {
            var fields = ["outcome": outcome]
            if let waited {
                fields["enqueued_at"] = "2026-01-01T00:00:00.000Z"
                fields["taken_at"] = "2026-01-01T00:00:0\(waited).000Z"
            }
            return JobResult(fields: fields)
        }
        let results = [result("succeeded", 1), result("failed", 5), result("succeeded", nil), result("succeeded", 2)]
        let figures = MinuteFigures(minute: 7, results: results)
        #expect(figures.finished == 4 && figures.failed == 1 && figures.waitMedian == 2_000)
        #expect(figures.waitMost == 5_000)
        #expect(MinuteFigures(minute: 7, fields: figures.fields) == figures)
        #expect(MinuteFigures(minute: 7, results: []).waitMost == nil)
    }

    @Test("draw lines with gaps, and bars, and say for people who cannot see what they show")
    func drawing() {
        let text: @Sendable (Double) -> String = { "\(Int($0)) <s>" }
        let line = Chart("wait", .line, [1, nil, 2, 4], span: "hour", text: text).html
        #expect(line.contains("aria-label=\"wait, last hour: now 4 &lt;s&gt;, at most 4 &lt;s&gt;\""))
        #expect(line.components(separatedBy: "class=\"line\"").count == 3, "\(line)")
        let bars = Chart("failures", .bars, [0, 3, nil], span: "day", text: text).html
        #expect(bars.contains("<path class=\"bars\" d=\"M1,100V4.0h.8V100z\"/>"), "\(bars)")
        let empty = Chart("x", .line, [nil], span: "day", text: text).html
        #expect(empty.contains("now -") && empty.contains("last day: no figures<"), "\(empty)")
        #expect(Chart("x", .line, [1, nil], span: "day", text: text).html.contains("class=\"dot\""))
    }
}
