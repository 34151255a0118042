import JobContract
import JobQueue
import Primitives
import Redis

/// The figures of one minute of the fleet.
package struct MinuteFigures: Sendable, Equatable {
    /// The minute, counted since 1970.
    package var minute: Int64
    /// The number of jobs that ended.
    package var finished = 0
    /// The number of jobs among them that did not succeed.
    package var failed = 0
    /// The median of the waiting times from the push of a job to its begin, in ms; nil: no job told its push time.
    package var waitMedian: Int64?
    /// The longest of the waiting times, in ms.
    package var waitMost: Int64?

    package init(minute: Int64) { self.minute = minute }

    /// Returns the figures of a minute from its results.
    package init(minute: Int64, results: [JobResult]) {
        self.minute = minute
        finished = results.count
        failed = results.count { !$0.succeeded }
        let waits = results.compactMap(Self.wait).sorted()
        if !waits.isEmpty { (waitMedian, waitMost) = (waits[waits.count / 2], waits[waits.count - 1]) }
    }

    private static func wait(_ result: JobResult) -> Int64? {
        guard let pushed = result.fields["enqueued_at"].flatMap({ Timestamp(rfc3339: $0) }),
            let taken = result.fields["taken_at"].flatMap({ Timestamp(rfc3339: $0) })
        else { return nil }
        return max(0, taken.millisecondsSinceEpoch - pushed.millisecondsSinceEpoch)
    }

    /// The fields as Redis has them.
    var fields: [String: String] {
        var fields = ["finished": "\(finished)", "failed": "\(failed)"]
        fields["wait_median_ms"] = waitMedian.map { "\($0)" }
        fields["wait_most_ms"] = waitMost.map { "\($0)" }
        return fields
    }

    init(minute: Int64, fields: [String: String]) {
        self.minute = minute
        finished = fields["finished"].flatMap { Int($0) } ?? 0
        failed = fields["failed"].flatMap { Int($0) } ?? 0
        waitMedian = fields["wait_median_ms"].flatMap { Int64($0) }
        waitMost = fields["wait_most_ms"].flatMap { Int64($0) }
    }
}

/// The figures of the last day, a minute each, the oldest first. Minutes without a worker are missing.
package struct MinuteHistory: Sendable, Equatable {
    /// The number of kept minutes: a day and a little more.
    package static let limit = 1_500

    package var minutes: [MinuteFigures] = []

    package init(_ minutes: [MinuteFigures] = []) { self.minutes = minutes }

    /// Returns the sums of equal parts of a span of time; nil for a part without a minute.
    ///
    /// - Parameters:
    ///   - now: the time in ms since 1970.
    ///   - count: the number of parts.
    ///   - size: the minutes in a part.
    package func parts(now: Int64, count: Int, size: Int64) -> [MinuteFigures?] {
        let end = now / 60_000 / size
        var parts = [MinuteFigures?](repeating: nil, count: count)
        for figures in minutes {
            let place = count - Int(end - figures.minute / size) - 1
            guard parts.indices.contains(place) else { continue }
            var sum = parts[place] ?? MinuteFigures(minute: figures.minute / size * size)
            sum.finished += figures.finished
            sum.failed += figures.failed
            sum.waitMedian = [sum.waitMedian, figures.waitMedian].compactMap { $0 }.max()
            sum.waitMost = [sum.waitMost, figures.waitMost].compactMap { $0 }.max()
            parts[place] = sum
        }
        return parts
    }
}

extension JobQueue {
    /// The largest number of results that are read for a minute's figures.
    private static let mostResultsOfMinute: Int64 = 2_000

    private var minutesKey: RedisArgument { .string(keys.prefix + "minutes") }

    /// Counts the results of the last whole minute and keeps the figures, unless another worker has done so.
    ///
    /// Of a minute with more than 2,000 results, only the first 2,000 count.
    package func keepLastMinute() async throws(QueueError) {
        let minute = try await redisTime() / 60_000 - 1
        let last = try await lenient(RedisCommand("XREVRANGE", minutesKey, "+", "-", "COUNT", 1))
        let lastID = last.array?.first?.array?.first?.string ?? "0-0"
        guard Int64(lastID.prefix { $0 != "-" }) ?? 0 < minute else { return }
        let (begin, end) = (minute * 60_000, minute * 60_000 + 59_999)
        let answer = try await command(
            RedisCommand(
                "XRANGE",
                .string(keys.results),
                .integer(begin),
                .integer(end),
                "COUNT",
                .integer(Self.mostResultsOfMinute)
            )
        )
        let results = (answer.array ?? []).compactMap { entry in
            entry.array?.last?.array.map { JobResult(pairs: $0.map { $0.string ?? "" }) }
        }
        let fields = MinuteFigures(minute: minute, results: results).fields.sorted { $0.key < $1.key }
        let limit: [RedisArgument] = ["MAXLEN", "~", .integer(Int64(MinuteHistory.limit)), .string("\(minute)-1")]
        // An error says that another worker was faster: the id exists.
        _ = try await lenient(
            RedisCommand(
                "XADD",
                arguments: [minutesKey] + limit + fields.flatMap { [.string($0.key), .string($0.value)] }
            )
        )
    }

    /// Returns the figures of the last day.
    package func minuteHistory() async throws(QueueError) -> MinuteHistory {
        let answer = try await lenient(
            RedisCommand("XREVRANGE", minutesKey, "+", "-", "COUNT", .integer(Int64(MinuteHistory.limit)))
        )
        let minutes = (answer.array ?? []).compactMap { entry -> MinuteFigures? in
            guard let parts = entry.array, parts.count == 2,
                let minute = parts[0].string.flatMap({ Int64($0.prefix { $0 != "-" }) })
            else { return nil }
            let pairs = (parts[1].array ?? []).map { $0.string ?? "" }
            return MinuteFigures(minute: minute, fields: JobResult(pairs: pairs).fields)
        }
        return MinuteHistory(minutes.reversed())
    }
}
