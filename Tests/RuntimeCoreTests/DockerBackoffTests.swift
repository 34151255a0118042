import RuntimeCore
import Testing

@Suite("The back-off after failures of Docker")
struct DockerBackoffTests {
    private func at(_ seconds: Int64) -> MonotonicInstant { MonotonicInstant(nanoseconds: seconds * 1_000_000_000) }

    @Test("grows up to a cap if failures return soon, and resets after a longer recovery")
    func grows() {
        var patience = DockerBackoff(base: .seconds(1), cap: .seconds(4), trust: .seconds(10))
        patience.answered(now: at(0))
        #expect(patience.lost(now: at(100)) == .seconds(1))
        // Every look that is answered says so; the return is the first of them.
        for (round, pause) in [2, 4, 4].enumerated() {
            let now = 200 + Int64(round) * 20
            patience.answered(now: at(now))
            patience.answered(now: at(now + 5))
            #expect(patience.lost(now: at(now + 9)) == .seconds(pause))
        }
        patience.answered(now: at(300))
        #expect(patience.lost(now: at(311)) == .seconds(1))
        // Told twice of the same loss, it grows no further and forgets nothing.
        #expect(patience.lost(now: at(312)) == .seconds(1))
        patience.answered(now: at(313))
        #expect(patience.lost(now: at(314)) == .seconds(2))
        #expect(patience.lost(now: at(315)) == .seconds(2))
    }
}
