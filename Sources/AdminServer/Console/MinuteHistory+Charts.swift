import Primitives
import QueueAdmin
import Terminal

extension MinuteHistory {
    /// The minutes of a point of the charts of a day.
    private static let dayStep: Int64 = 15

    /// The charts of the last hour and of the last day; none if nothing was counted.
    func charts(now: Int64) -> [Chart] {
        guard !minutes.isEmpty else { return [] }
        // The present minute and the present quarter are not over, so the charts end with those before.
        let step = Self.dayStep * 60_000
        let day = parts(now: now - step, count: 96, size: Self.dayStep)
        let hasDay = day.contains { $0 != nil }
        let end = Timestamp(millisecondsSinceEpoch: (now / step + 1) * step)
        let first = hasDay ? nil : "first point at \(ShortTime.clock(end)) UTC"
        return charts(parts(now: now - 60_000, count: 60, size: 1), "hour") + charts(day, "day", without: first)
    }

    /// - Parameter reason: Why the charts have no point; nil: they have some.
    private func charts(_ parts: [MinuteFigures?], _ span: String, without reason: String? = nil) -> [Chart] {
        @Sendable func count(_ value: Double) -> String { TextTable.grouped(Int(value)) }
        @Sendable func time(_ value: Double) -> String { ShortTime.span(milliseconds: Int64(value)) }
        let unit = span == "hour" ? "a minute" : "in \(Self.dayStep) minutes"
        let charts = [
            Chart("jobs \(unit)", .line, parts.map { $0.map { Double($0.finished) } }, span: span, text: count),
            Chart(
                "longest wait of ended jobs",
                .line,
                parts.map { $0.flatMap { part in part.waitMost.map { Double($0) } } },
                span: span,
                text: time
            ),
            Chart("failures \(unit)", .bars, parts.map { $0.map { Double($0.failed) } }, span: span, text: count),
        ]
        return charts.map { chart in
            var chart = chart
            chart.absence = reason
            return chart
        }
    }
}
