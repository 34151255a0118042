import Testing

@testable import Primitives

@Suite("A back-off")
struct BackoffTests {
    @Test("doubles up to its cap")
    func doubles() {
        let backoff = Backoff(base: .milliseconds(250), cap: .seconds(2))
        let delays = (0..<6).map { backoff.longestDelay(attempt: $0) }
        #expect(delays == [.milliseconds(250), .milliseconds(500), .seconds(1), .seconds(2), .seconds(2), .seconds(2)])
        #expect(delays == (0..<6).map { backoff.delay(attempt: $0, random: 1) })
    }

    @Test("is random within its jitter", arguments: [(0, 1_000, 1_000), (0.5, 500, 1_000), (1, 0, 1_000)])
    func jitter(_ jitter: Double, shortest: Int, longest: Int) {
        let backoff = Backoff(base: .seconds(1), cap: .seconds(1), jitter: jitter)
        for random in [-1, 0.0] { #expect(backoff.delay(attempt: 3, random: random) == .milliseconds(shortest)) }
        for random in [1, 7.0] { #expect(backoff.delay(attempt: 3, random: random) == .milliseconds(longest)) }
    }

    @Test("stays within its cap for every number of failures", arguments: [Int.min, -1, 0, 31, 64, Int.max])
    func bounds(attempt: Int) {
        let delay = Backoff(base: .milliseconds(50), cap: .seconds(2)).longestDelay(attempt: attempt)
        #expect(delay >= .milliseconds(50) && delay <= .seconds(2))
    }
}
