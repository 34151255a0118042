import Foundation

/// Times small pieces of work beside a baseline of the same run, and prints both for a person.
///
/// A usual run takes a second or two, so that it cannot rot; `RTM_TEST_MEASURE=1` takes as many rounds as a figure
/// needs. Most rooms are not optimised in a debug build: figures come from
/// `swift test -c release -Xswiftc -enable-testing --filter Benchmarks`.
enum Stopwatch {
    static let isMeasuring = ProcessInfo.processInfo.environment["RTM_TEST_MEASURE"] == "1"

    /// ns of one call each, of the least disturbed of many batches that take turns.
    struct Times {
        var work: Double
        var baseline: Double
    }

    /// Times `work` beside `baseline`, and prints it.
    @discardableResult
    static func compare(
        _ name: String,
        beside baselineName: String,
        calls: Int = 500,
        work: () throws -> Void,
        baseline: () throws -> Void
    ) rethrows -> Times {
        var times = Times(work: .infinity, baseline: .infinity)
        for _ in 0..<(isMeasuring ? 200 : 5) {
            times.work = min(times.work, try batch(work, calls))
            times.baseline = min(times.baseline, try batch(baseline, calls))
        }
        let figures = [times.work, times.baseline].map { String(format: "%.0f", $0) }
        let ratio = String(format: "%.2f", times.work / times.baseline)
        print("\(name): \(figures[0]) ns, \(baselineName): \(figures[1]) ns, ratio \(ratio)")
        return times
    }

    /// ns of one call.
    private static func batch(_ body: () throws -> Void, _ calls: Int) rethrows -> Double {
        let begin = ContinuousClock.now
        for _ in 0..<calls { try body() }
        return begin.duration(to: .now) / .nanoseconds(1) / Double(calls)
    }

    /// Keeps the compiler from leaving out what made `value`.
    @inline(never)
    static func keep<Value>(_ value: Value) {}
}
