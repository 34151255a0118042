import DockerPort
import JobContract
import Primitives
import Testing

@testable import RuntimeCore

@Suite("Leadership")
struct LeadershipTests {
    private func at(_ seconds: Double) -> MonotonicInstant { MonotonicInstant(nanoseconds: Int64(seconds * 1e9)) }

    @Test("is requested at once, renewed in time, and trusted from the start of the request only")
    func term() {
        var machine = Leadership(ttl: .seconds(5), now: at(0))
        #expect(machine.step(now: at(0)) == .ask(epoch: nil))
        machine.answered(.granted(epoch: 7), requestStart: at(0), now: at(3), random: 0)
        #expect(machine.step(now: at(2.4)) == .wait(until: at(2.5)))
        #expect(machine.step(now: at(2.5)) == .ask(epoch: 7))
        #expect(machine.step(now: at(4.5)) == .standDown)
        machine.answered(.failed, requestStart: at(1.5), now: at(1.6), random: 0)
        #expect(machine.step(now: at(4.6)) == .standDown)
        machine.answered(.granted(epoch: 7), requestStart: at(2), now: at(2), random: 0)
        #expect(machine.step(now: at(4.6)) == .ask(epoch: 7))
        #expect(machine.step(now: at(4.4)) == .wait(until: at(4.5)))
    }

    @Test("followers ask when the lease may have expired, each at a different time")
    func follower() {
        var machine = Leadership(ttl: .seconds(5), now: at(0))
        machine.answered(.held(remaining: .seconds(2)), requestStart: at(0), now: at(0), random: 1)
        #expect(machine.step(now: at(0)) == .wait(until: at(2.5)))
        machine.leaderResigned(now: at(1), random: 1)
        #expect(machine.step(now: at(1.05)) == .ask(epoch: nil))
    }

    @Test("ends at once when the lease is lost")
    func lost() {
        var machine = Leadership(ttl: .seconds(5), now: at(0))
        machine.answered(.granted(epoch: 1), requestStart: at(0), now: at(0), random: 0)
        machine.answered(.held(remaining: .seconds(5)), requestStart: at(1), now: at(1), random: 0)
        guard case .follower = machine.state else {
            Issue.record("a refused renewal must end the term")
            return
        }
    }
}
