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

    @Test("follows a few redirections at once, and waits when two nodes name each other")
    func redirections() {
        var machine = Machine(backoff: Self.backoff)
        let around = Array(repeating: [Machine.Event.connected, .redirected], count: 5).flatMap(\.self)
        let actions = Self.run([.started] + around, on: &machine)
        let hop = [Machine.Action.handshake, .connect]
        #expect(actions == [.connect] + hop + hop + hop + hop + [.handshake, .wait(.milliseconds(800))])
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
                [
                    (.handshakeSucceeded, .serve), (.redirected, .connect), (.failed, .wait(.milliseconds(50))),
                    (.stopped, .stop),
                ]
            case .ready: [(.failed, .wait(.milliseconds(50))), (.stopped, .stop)]
            case .backingOff: [(.delayElapsed, .connect), (.stopped, .stop)]
            case .closed: []
            }
        #expect(Self.machine(in: state).state == state)
        let events: [Machine.Event] = [
            .started, .connected, .handshakeSucceeded, .redirected, .failed, .delayElapsed, .stopped,
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
        #expect(Handshake(plain, clientName: nil).commands == [RedisCommand("ROLE"), RedisCommand("PING")])
        var full = try RedisConfiguration(url: "redis://ann:pw@h/3")
        full.homeKey = "{rtm}:meta"
        full.acceptsReplica = true
        #expect(
            Handshake(full, clientName: "worker 1\n").commands == [
                RedisCommand("AUTH", "ann", "pw"), RedisCommand("SELECT", 3),
                RedisCommand("CLIENT", "SETNAME", "worker-1-"), RedisCommand("EXISTS", "{rtm}:meta"),
                RedisCommand("PING"),
            ]
        )
        let passwordOnly = try RedisConfiguration(url: "redis://:pw@h")
        #expect(Handshake(passwordOnly, clientName: nil).commands.first == RedisCommand("AUTH", "pw"))
        let userOnly = try RedisConfiguration(url: "redis://ann@h")
        #expect(Handshake(userOnly, clientName: nil).commands.first == RedisCommand("AUTH", "ann", ""))
    }

    static let server = RedisConfiguration.Endpoint.tcp(host: "h", port: 6_379)

    static func error(_ line: String) -> RedisValue { .error(RedisServerError(line: line)) }

    @Test("reports a refusal, but accepts a missing permission for optional commands")
    func failures() throws {
        var configuration = try RedisConfiguration(url: "redis://:pw@h")
        configuration.homeKey = "{rtm}:meta"
        let handshake = Handshake(configuration, clientName: "w")
        func verdict(_ auth: RedisValue, _ name: RedisValue, _ home: RedisValue, _ role: RedisValue)
            -> Handshake.Verdict
        {
            handshake.verdict(on: [auth, name, home, role, .status("PONG")], of: Self.server)
        }
        let (ok, zero) = (RedisValue.status("OK"), RedisValue.integer(0))
        let plain = Handshake(try RedisConfiguration(url: "redis://h"), clientName: nil)
        func ping(_ reply: RedisValue) -> Handshake.Verdict {
            plain.verdict(on: [.error(RedisServerError(line: "NOPERM no")), reply], of: Self.server)
        }
        // Such a server still answers commands that only read.
        #expect(ping(Self.error("MISCONF Redis cannot persist to disk")) == .accepted)
        #expect(ping(Self.error("LOADING not yet")) == .refused("PING refused: LOADING not yet"))
        let master = RedisValue.array([.bulk(Array("master".utf8)), .integer(3), .array([])])
        let replica = RedisValue.array(["slave", "10.0.0.1"].map { .bulk(Array($0.utf8)) } + [.integer(6_380)])
        let noPermission = Self.error("NOPERM no")
        #expect(verdict(ok, ok, zero, master) == .accepted)
        #expect(verdict(ok, noPermission, noPermission, noPermission) == .accepted)
        #expect(verdict(ok, ok, Self.error("ASK 1 h:1"), Self.error("ERR unknown command")) == .accepted)
        #expect(
            verdict(Self.error("WRONGPASS invalid"), ok, zero, master) == .refused("AUTH refused: WRONGPASS invalid")
        )
        #expect(verdict(noPermission, ok, zero, master) == .refused("AUTH refused: NOPERM no"))
        #expect(
            verdict(ok, ok, zero, replica)
                == .refused("this is a replica, which takes no writes; its master is 10.0.0.1:6380")
        )
        #expect(verdict(ok, ok, Self.error("MOVED 7 i:1"), master) == .redirected(.tcp(host: "i", port: 1)))
        let down = verdict(ok, ok, Self.error("CLUSTERDOWN Hash slot not served"), master)
        #expect(down == .refused("EXISTS refused: CLUSTERDOWN Hash slot not served"))
    }
}
