import RuntimeCore
import Testing

@testable import Runtime

@Suite("The times of a worker's sweeps")
struct SweepScheduleTests {
    private func at(_ milliseconds: Int64) -> MonotonicInstant {
        MonotonicInstant(nanoseconds: milliseconds * 1_000_000)
    }

    /// A pace that has just looked at 100 s.
    private func swept(
        nextDue: Duration? = nil,
        mayHaveWork: Bool = false,
        lease: Duration = .seconds(10),
        random: Double = 1
    ) -> SweepSchedule {
        var pace = SweepSchedule(lease: lease)
        _ = pace.begin()
        pace.swept(nextDue: nextDue, mayHaveWork: mayHaveWork, now: at(100_000), random: random)
        return pace
    }

    @Test("a sweep is due at the start")
    func first() {
        var pace = SweepSchedule(lease: .seconds(10))
        #expect(pace.next == at(0))
        let tells = pace.begin()
        #expect(tells == false)
    }

    @Test("a sweep is due within a lease if nothing waits, so no new lease expires unnoticed")
    func quiet() {
        #expect(swept(random: 0).next == at(109_000))
        #expect(swept(random: 1).next == at(110_000))
        #expect(swept(lease: .seconds(3)).next == at(103_000))
        #expect(swept(lease: .milliseconds(300)).next == at(101_000))
        #expect(swept(lease: .seconds(60)).next == at(110_000))
    }

    @Test("a sweep is due within two seconds if a ready job could not begin")
    func ready() {
        #expect(swept(mayHaveWork: true).next == at(102_000))
        #expect(swept(mayHaveWork: true, lease: .seconds(1)).next == at(101_000))
    }

    @Test("a sweep is due within two seconds after a claim, since jobs may be delayed")
    func worked() {
        var pace = swept()
        pace.worked(now: at(101_000), random: 1)
        #expect(pace.next == at(103_000))
        pace.worked(now: at(102_000), random: 1)
        #expect(pace.next == at(103_000))
    }

    @Test("a sweep is due soon after the next due time, for each worker at another moment")
    func due() {
        #expect(swept(nextDue: .seconds(4), random: 0).next == at(104_005))
        #expect(swept(nextDue: .seconds(4), random: 1).next == at(104_100))
        #expect(swept(nextDue: .zero, random: 0).next == at(100_015))
        #expect(swept(nextDue: .seconds(40)).next == at(110_000))
    }

    @Test("a sweep is due with the worker's own retry, also if that begins during a sweep")
    func retry() {
        var pace = swept()
        pace.willBeDue(after: .seconds(1), now: at(101_000), random: 0)
        #expect(pace.next == at(102_005))
        pace.willBeDue(after: .seconds(5), now: at(101_000), random: 0)
        #expect(pace.next == at(102_005))
        _ = pace.begin()
        pace.willBeDue(after: .seconds(1), now: at(102_010), random: 0)
        pace.swept(nextDue: nil, mayHaveWork: false, now: at(102_020), random: 0)
        #expect(pace.next == at(103_015))
    }

    @Test("a sweep is due at once after an outage, and the next successful sweep reports the outage")
    func silence() {
        var pace = swept()
        pace.sweepAtOnce(afterOutage: true, now: at(101_000))
        #expect(pace.next == at(101_000))
        let tellsFirst = pace.begin()
        #expect(tellsFirst)
        pace.sweepAtOnce(afterOutage: true, now: at(101_500))
        #expect(pace.next == at(101_500))
        let tellsAgain = pace.begin()
        #expect(tellsAgain)
        pace.swept(nextDue: nil, mayHaveWork: false, now: at(101_600), random: 0)
        let tellsThen = pace.begin()
        #expect(tellsThen == false)
    }
}
