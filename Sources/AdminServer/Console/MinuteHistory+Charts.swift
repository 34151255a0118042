import QueueAdmin
import Terminal

extension MinuteHistory {
    /// The charts of the last hour and of the last day; none if nothing was counted.
    func charts(now: Int64) -> [Chart] {
        guard !minutes.isEmpty else { return [] }
        // The present minute is not over, so the charts end with the one before.
        let last = now - 60_000
        return charts(parts(now: last, count: 60, size: 1), "hour")
            + charts(parts(now: last, count: 96, size: 15), "day")
    }

    private func charts(_ parts: [MinuteFigures?], _ span: String) -> [Chart] {
        @Sendable func count(_ value: Double) -> String { TextTable.grouped(Int(value)) }
        @Sendable func time(_ value: Double) -> String { ShortTime.span(milliseconds: Int64(value)) }
        let unit = span == "hour" ? "minute" : "15 minutes"
        return [
            Chart("jobs a \(unit)", .line, parts.map { $0.map { Double($0.finished) } }, span: span, text: count),
            Chart(
                "longest wait of ended jobs",
                .line,
                parts.map { $0.flatMap { part in part.waitMost.map { Double($0) } } },
                span: span,
                text: time
            ),
            Chart("failures a \(unit)", .bars, parts.map { $0.map { Double($0.failed) } }, span: span, text: count),
        ]
    }
}
