import DockerPort
import JobContract
import Primitives
import Testing

@testable import RuntimeCore

@Suite("Leadership")
struct LeadershipTests {
    private func at(_ seconds: Double) -> MonotonicInstant { MonotonicInstant(nanoseconds: Int64(seconds * 1e9)) }

    private func epoch(_ machine: Leadership) -> Int64? {
        if case .leader(let term) = machine.state { term.epoch } else { nil }
    }

    /// Whether the machine asks for a renewal.
    private func renews(_ machine: Leadership, _ seconds: Double) -> Bool {
        if case .ask(.renewal) = machine.step(now: at(seconds)) { true } else { false }
    }

    @Test("is requested at once, renewed in time, and trusted from the start of the request only")
    func term() {
        var machine = Leadership(ttl: .seconds(5), now: at(0))
        #expect(machine.step(now: at(0)) == .ask(.lease))
        machine.answered(.granted(epoch: 7, cursor: "c"), requestStart: at(0), now: at(3), random: 0)
        #expect(machine.step(now: at(2.4)) == .wait(until: at(2.5)))
        #expect(renews(machine, 2.5))
        #expect(machine.step(now: at(4.5)) == .standDown)
        machine.answered(.failed, requestStart: at(1.5), now: at(1.6), random: 0)
        #expect(machine.step(now: at(4.6)) == .standDown)
        machine.answered(.renewed, requestStart: at(2), now: at(2), random: 0)
        #expect(renews(machine, 4.6))
        #expect(machine.step(now: at(4.4)) == .wait(until: at(4.5)))
        guard case .leader(let term) = machine.state else {
            Issue.record("a renewal must not end the term")
            return
        }
        #expect(term.epoch == 7 && term.cursor == "c" && term.trustedUntil == at(6.5))
    }

    @Test("followers ask when the lease may have expired, each at a different time")
    func follower() {
        var machine = Leadership(ttl: .seconds(5), now: at(0))
        machine.answered(.held(remaining: .seconds(2), epoch: 4), requestStart: at(0), now: at(0), random: 1)
        #expect(machine.step(now: at(0)) == .wait(until: at(2.5)))
        machine.leaderResigned(now: at(1), random: 1)
        #expect(machine.step(now: at(1.05)) == .ask(.remainder(ofEpoch: 4)))
    }

    @Test("followers ask for a known term first, and for the lease only after the end of that term")
    func knownTerm() {
        var machine = Leadership(ttl: .seconds(5), now: at(0))
        machine.answered(.held(remaining: .seconds(1), epoch: 4), requestStart: at(0), now: at(0), random: 0)
        machine.answered(.failed, requestStart: at(1), now: at(1), random: 0)
        #expect(machine.step(now: at(5)) == .ask(.remainder(ofEpoch: 4)))
        machine.answered(.held(remaining: .seconds(2), epoch: 4), requestStart: at(5), now: at(5), random: 0)
        #expect(machine.step(now: at(6)) == .wait(until: at(7)))
        machine.answered(.expired, requestStart: at(7), now: at(7), random: 0)
        #expect(machine.step(now: at(7)) == .ask(.lease))
    }

    @Test("ends at once when the lease is lost")
    func lost() {
        var machine = Leadership(ttl: .seconds(5), now: at(0))
        machine.answered(.granted(epoch: 1, cursor: nil), requestStart: at(0), now: at(0), random: 0)
        #expect(epoch(machine) == 1)
        machine.answered(.held(remaining: .seconds(5), epoch: nil), requestStart: at(1), now: at(1), random: 0)
        #expect(epoch(machine) == nil && machine.step(now: at(6)) == .ask(.lease))
    }

    @Test("a late answer about another term does not make a follower the leader")
    func lateRenewal() {
        var machine = Leadership(ttl: .seconds(5), now: at(0))
        machine.answered(.renewed, requestStart: at(0), now: at(0), random: 0)
        #expect(epoch(machine) == nil)
    }
}
