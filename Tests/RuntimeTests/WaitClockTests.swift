import JobQueue
import Primitives
import RuntimeCore
import Testing

@testable import Runtime

@Suite("The wait of the oldest work")
struct WaitClockTests {
    private let begin = MonotonicInstant(nanoseconds: 0)

    @Test("counts from the push time, else from the first sight")
    func waits() {
        var clock = WaitClock()
        let pushed = OldestWork(id: "a", pushedAt: Timestamp(millisecondsSinceEpoch: 4_000))
        let plain = OldestWork(id: "b")
        func longest(_ works: [OldestWork], after seconds: Int64) -> Duration {
            let instant = begin.advanced(by: .seconds(seconds))
            return clock.longestWait(in: "q", works, now: 10_000 + seconds * 1_000, instant: instant)
        }
        #expect(longest([], after: 0) == .zero)
        #expect(longest([pushed, plain], after: 1) == .seconds(7))
        #expect(longest([plain], after: 31) == .seconds(30))
        // The work went, and came back: another wait.
        #expect(longest([], after: 40) == .zero)
        #expect(longest([plain], after: 41) == .zero)
        // A producer's clock may be ahead.
        let ahead = OldestWork(id: "c", pushedAt: Timestamp(seconds: 9_999))
        #expect(longest([ahead], after: 50) == .zero)
    }
}
