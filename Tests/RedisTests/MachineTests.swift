import NIOCore
import Primitives
import Testing

@testable import Redis

@Suite("The state machine of the connection")
struct MachineTests {
    typealias Machine = ConnectionMachine
    static let backoff = RedisConfiguration.Backoff(base: .milliseconds(50), cap: .seconds(2))

    static func at(_ milliseconds: Int64) -> NIODeadline {
        .uptimeNanoseconds(UInt64(milliseconds) * 1_000_000)
    }

    /// The actions that these events lead to, one a second, with the largest randomness.
    static func run(_ events: [Machine.Event], on machine: inout Machine, every step: Int64 = 1_000) -> [Machine.Action]
    {
        var actions: [Machine.Action] = []
        for (index, event) in events.enumerated() {
            actions.append(machine.handle(event, now: at(Int64(index) * step), random: 1))
        }
        return actions
    }

    @Test("moves from start to serving")
    func starts() {
        var machine = Machine(backoff: Self.backoff)
        let actions = Self.run([.started, .connected, .handshakeSucceeded], on: &machine)
        #expect(actions == [.connect, .handshake, .serve])
        #expect(machine.state == .ready(failures: 0, since: Self.at(2_000)))
    }

    @Test("waits longer after each failure at any stage, up to the cap")
    func backsOff() {
        var machine = Machine(backoff: Self.backoff)
        let events: [Machine.Event] =
            [.started, .failed, .delayElapsed, .connected, .failed] + [.delayElapsed, .failed, .delayElapsed, .failed]
            + [.delayElapsed, .failed, .delayElapsed, .failed, .delayElapsed, .failed, .delayElapsed, .failed]
        let delays = Self.run(events, on: &machine).compactMap { action in
            if case .wait(let delay) = action { delay } else { nil }
        }
        #expect(delays == [50, 100, 200, 400, 800, 1_600, 2_000, 2_000].map { Duration.milliseconds($0) })
        #expect(machine.state == .backingOff(failures: 8))
    }

    @Test("resets the delay after a connection that lasted, not after one that broke at once")
    func forgivesOnlyStability() {
        var machine = Machine(backoff: Self.backoff)
        _ = Self.run([.started, .failed, .delayElapsed, .connected, .handshakeSucceeded], on: &machine)
        var brief = machine
        let afterBrief = brief.handle(.failed, now: Self.at(4_100), random: 1)
        #expect(afterBrief == .wait(.milliseconds(100)))
        let afterLong = machine.handle(.failed, now: Self.at(60_000), random: 1)
        #expect(afterLong == .wait(.milliseconds(50)))
    }

    static let states: [Machine.State] = [
        .disconnected, .connecting(failures: 1), .handshaking(failures: 1), .ready(failures: 1, since: at(0)),
        .backingOff(failures: 1), .closed,
    ]

    /// A machine that was led to a state by events.
    static func machine(in state: Machine.State) -> Machine {
        var machine = Machine(backoff: backoff)
        let path: [Machine.Event] =
            switch state {
            case .disconnected: []
            case .backingOff: [.started, .failed]
            case .connecting: [.started, .failed, .delayElapsed]
            case .handshaking: [.started, .failed, .delayElapsed, .connected]
            case .ready: [.started, .failed, .delayElapsed, .connected, .handshakeSucceeded]
            case .closed: [.stopped]
            }
        _ = run(path, on: &machine, every: 0)
        return machine
    }

    @Test("handles every event in every state", arguments: states)
    func table(_ state: Machine.State) {
        let expected: [(Machine.Event, Machine.Action)] =
            switch state {
            case .disconnected: [(.started, .connect), (.stopped, .stop)]
            case .connecting: [(.connected, .handshake), (.failed, .wait(.milliseconds(50))), (.stopped, .stop)]
            case .handshaking:
                [(.handshakeSucceeded, .serve), (.failed, .wait(.milliseconds(50))), (.stopped, .stop)]
            case .ready: [(.failed, .wait(.milliseconds(50))), (.stopped, .stop)]
            case .backingOff: [(.delayElapsed, .connect), (.stopped, .stop)]
            case .closed: []
            }
        #expect(Self.machine(in: state).state == state)
        let events: [Machine.Event] = [
            .started, .connected, .handshakeSucceeded, .failed, .delayElapsed, .stopped,
        ]
        for event in events {
            var machine = Self.machine(in: state)
            let action = machine.handle(event, now: Self.at(0), random: 0.5)
            let wanted = expected.first { $0.0 == event }?.1 ?? .ignore
            #expect(action == wanted, "\(event) in \(state)")
            if wanted == .ignore { #expect(machine.state == state, "\(event) in \(state)") }
        }
    }

    @Test("keeps delays between zero and the cap", arguments: [-1, 0, 1, 5, 31, 64, Int.max])
    func delays(attempt: Int) {
        for random in [-1, 0, 0.25, 0.999, 7.0] {
            let delay = Self.backoff.delay(attempt: attempt, random: random)
            #expect(delay >= .zero && delay <= Self.backoff.cap)
        }
    }
}

@Suite("The handshake")
struct HandshakeTests {
    @Test("sends only the necessary commands, PING last")
    func commands() throws {
        let plain = try RedisConfiguration(url: "redis://h")
        #expect(Handshake(plain, clientName: nil).commands == [RedisCommand("PING")])
        let full = try RedisConfiguration(url: "redis://ann:pw@h/3")
        #expect(
            Handshake(full, clientName: "worker 1\n").commands == [
                RedisCommand("AUTH", "ann", "pw"), RedisCommand("SELECT", 3),
                RedisCommand("CLIENT", "SETNAME", "worker-1-"), RedisCommand("PING"),
            ]
        )
        let passwordOnly = try RedisConfiguration(url: "redis://:pw@h")
        #expect(Handshake(passwordOnly, clientName: nil).commands.first == RedisCommand("AUTH", "pw"))
        let userOnly = try RedisConfiguration(url: "redis://ann@h")
        #expect(Handshake(userOnly, clientName: nil).commands.first == RedisCommand("AUTH", "ann", ""))
    }

    @Test("reports a refusal, but accepts a missing permission for optional commands")
    func failures() throws {
        let handshake = Handshake(try RedisConfiguration(url: "redis://:pw@h"), clientName: "w")
        let ok = RedisValue.status("OK")
        let noPermission = RedisValue.error(RedisServerError(code: "NOPERM", message: "no"))
        let wrongPassword = RedisValue.error(RedisServerError(code: "WRONGPASS", message: "invalid"))
        #expect(handshake.failure(in: [ok, ok, .status("PONG")]) == nil)
        #expect(handshake.failure(in: [ok, noPermission, noPermission]) == nil)
        #expect(handshake.failure(in: [wrongPassword, ok, ok]) == "AUTH refused: WRONGPASS invalid")
        #expect(handshake.failure(in: [noPermission, ok, ok]) == "AUTH refused: NOPERM no")
    }
}
