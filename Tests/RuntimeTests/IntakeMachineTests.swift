import JobContract

import RuntimeCore
import Testing

@testable import JobQueue
@testable import Runtime

/// A machine and the moves of a worker that does what the machine says.
struct Intake {
    typealias Step = IntakeMachine.Step

    var machine: IntakeMachine

    init(queues: [String] = ["a"], concurrency: Int = 16) {
        machine = IntakeMachine(queues: queues, concurrency: concurrency)
    }

    static func at(_ milliseconds: Int64) -> MonotonicInstant {
        MonotonicInstant(nanoseconds: milliseconds * 1_000_000)
    }

    mutating func step(_ milliseconds: Int64 = 0, dockerAnswers: Bool = true) -> Step {
        machine.next(dockerAnswers: dockerAnswers, now: Self.at(milliseconds))
    }

    func capacity(_ starts: Int, _ stops: Int) -> Capacity { Capacity(starts: starts, stops: stops) }

    mutating func outcome(
        of queue: String = "a",
        taken: Int = 0,
        seen: Int? = nil,
        isFull: Bool = false,
        isPaused: Bool = false,
        isEmptied: Bool = true,
        next: [WaitingMessage] = [],
        at milliseconds: Int64 = 0
    ) {
        let outcome = IntakeOutcome(
            taken: taken,
            seen: seen ?? taken,
            isFull: isFull,
            isPaused: isPaused,
            isEmptied: isEmptied,
            rejections: []
        )
        machine.took(outcome, next: next, from: queue, now: Self.at(milliseconds))
    }

    /// A claim for all free permits.
    mutating func claimed(_ kinds: [JobKind] = [], ready: JobClasses = []) {
        machine.claimed(kinds, of: machine.permits.capacity, ready: ready)
    }

    /// The worker has looked at its empty queues, and Redis counts it as idle.
    mutating func rest(_ queues: [String] = ["a"]) {
        for queue in queues {
            _ = step()
            outcome(of: queue)
        }
        _ = step()
        claimed()
    }

    /// The queue and the number of messages of an intake; nil for another step.
    mutating func take(_ milliseconds: Int64 = 0) -> (queue: String, most: Int)? {
        guard case .take(let take) = step(milliseconds) else { return nil }
        return (take.queue, take.most)
    }

    mutating func end(_ kind: JobKind) {
        machine.freed(kind, from: .working)
        machine.jobEnded()
    }
}

@Suite("The machine of a worker's intake")
struct IntakeMachineTests {
    @Test("at the start looks at each queue, then claims, then sleeps until an input")
    func start() {
        var intake = Intake(queues: ["a", "b"])
        #expect(intake.take()?.queue == "a")
        intake.outcome(of: "a")
        // Ready jobs come first from now on, but nothing has been claimed yet.
        #expect(intake.step(1) == .claim(intake.capacity(16, 16)))
        intake.claimed()
        #expect(intake.take(2)?.queue == "b")
        intake.outcome(of: "b")
        #expect(intake.step(3) == .sleep(until: nil))
        #expect(intake.machine.isEmpty("a") && intake.machine.isEmpty("b"))
    }

    @Test(
        "takes as many messages as a busy worker can begin, at most half of all permits and a batch",
        arguments: [(3, 2, 100, 3), (0, 7, 100, 7), (500, 0, 500, 32), (16, 16, 16, 8), (1, 1, 1, 1)]
    )
    func most(_ starts: Int, _ stops: Int, _ concurrency: Int, _ most: Int) {
        var intake = Intake(concurrency: concurrency)
        let kinds =
            Array(repeating: JobKind.start, count: concurrency - starts)
            + Array(repeating: JobKind.stop, count: concurrency - stops)
        intake.claimed(kinds)
        // The last claim has left permits, so more messages are wanted than permits are free.
        #expect(intake.take()?.most == JobQueue.intakeBatch)
        var busy = Intake(concurrency: concurrency)
        busy.claimed(Array(repeating: .start, count: concurrency) + Array(repeating: .stop, count: concurrency))
        for _ in 0..<starts { busy.end(.start) }
        for _ in 0..<stops { busy.end(.stop) }
        #expect(busy.take()?.most == most)
    }

    @Test("ready jobs come before messages; an intake claims as well, so nothing else needs a claim of its own")
    func claimsFirst() {
        var intake = Intake(concurrency: 2)
        _ = intake.take()
        intake.claimed([.stop, .stop])
        intake.outcome(taken: 2, isEmptied: false)
        // Redis does not count the worker as idle for stops.
        intake.end(.stop)
        #expect(intake.take(1)?.most == 32)
        intake.outcome(taken: 1, isEmptied: false, at: 1)
        intake.machine.woken()
        #expect(intake.step(2) == .claim(intake.capacity(2, 1)))
        intake.claimed([.stop])
        #expect(intake.take(2) != nil)
        intake.outcome(at: 2)
        #expect(intake.step(3) == .sleep(until: nil))
        intake.end(.stop)
        #expect(intake.step(3) == .claim(intake.capacity(2, 1)))
    }

    @Test("claims again at once when a claim has not looked at all starts")
    func unseen() {
        var intake = Intake(concurrency: 2)
        intake.rest()
        #expect(intake.step() == .sleep(until: nil))
        intake.claimed(ready: .unseen)
        #expect(intake.step() == .claim(intake.capacity(2, 2)))
        intake.claimed()
        #expect(intake.step() == .sleep(until: nil))
    }

    @Test("a message that has woken the worker is taken in at once, whatever the permits are")
    func woken() {
        let message = Array("m".utf8)
        var intake = Intake(concurrency: 1)
        intake.rest()
        intake.machine.saw(message, in: "a")
        #expect(!intake.machine.isEmpty("a"))
        let take = IntakeMachine.Take(queue: "a", known: [.whole(message)], most: 32, capacity: intake.capacity(1, 1))
        #expect(intake.step() == .take(take))

        intake.claimed([.start, .stop])
        intake.outcome()
        intake.machine.saw(message, in: "a")
        guard case .take(let full) = intake.step() else {
            Issue.record("a worker without permits takes nothing in")
            return
        }
        #expect(full.known == [.whole(message)] && full.capacity == intake.capacity(0, 0))
    }

    @Test("without a Docker Engine, and at the end, only messages that have woken the worker are taken in")
    func others() {
        var intake = Intake()
        // Redis learns that the worker is not idle.
        #expect(intake.step(dockerAnswers: false) == .claim(intake.capacity(0, 0)))
        intake.machine.claimed([], of: intake.capacity(0, 0), ready: [])
        #expect(intake.step(dockerAnswers: false) == .sleep(until: nil))
        intake.machine.saw([1], in: "a")
        let none = IntakeMachine.Take(queue: "a", known: [.whole([1])], most: 32, capacity: intake.capacity(0, 0))
        #expect(intake.step(dockerAnswers: false) == .take(none))
        intake.outcome(isEmptied: false)
        intake.machine.drain()
        intake.machine.saw([1], in: "a")
        #expect(intake.step() == .take(none))
        #expect(intake.step() == .end)
    }

    @Test("a message that comes during an intake stays seen")
    func seenMeanwhile() {
        var intake = Intake()
        _ = intake.step()
        intake.machine.saw([7], in: "a")
        intake.outcome()
        #expect(!intake.machine.isEmpty("a"))
        guard case .take(let take) = intake.step(30) else {
            Issue.record("no intake")
            return
        }
        #expect(take.known == [.whole([7])])
    }

    @Test("without a free permit the worker waits a little, then takes in more than it can begin")
    func full() {
        var intake = Intake(concurrency: 2)
        intake.claimed([.start, .start, .stop, .stop])
        #expect(intake.step(100) == .sleep(until: Intake.at(105)))
        #expect(intake.step(104) == .sleep(until: Intake.at(105)))
        #expect(intake.take(105)?.most == 32)
        intake.outcome(taken: 32, isEmptied: false)
        #expect(intake.take(106)?.most == 32)
        intake.outcome(taken: 32, isEmptied: false)
        intake.end(.start)
        #expect(intake.step(107) == .claim(intake.capacity(1, 0)))
        intake.claimed([.start])
        #expect(intake.step(108) == .sleep(until: Intake.at(113)))
    }

    @Test("ready jobs come before messages, but not for long")
    func ready() {
        var intake = Intake()
        #expect(intake.take(0) != nil)
        intake.outcome(isEmptied: false)
        intake.claimed(ready: .starts)
        #expect(intake.step(19) == .claim(intake.capacity(16, 16)))
        intake.claimed(ready: .starts)
        #expect(intake.take(20) != nil)
        intake.outcome(isEmptied: false)
        intake.claimed()
        #expect(intake.take(21) != nil)
    }

    @Test("ready jobs of a class without a free permit are not claimed again and again")
    func noPermit() {
        var intake = Intake(concurrency: 1)
        intake.rest()
        intake.machine.woken()
        #expect(intake.step(1) == .claim(intake.capacity(1, 1)))
        intake.claimed([.start], ready: .starts)
        #expect(intake.step(2) == .sleep(until: nil))
        intake.end(.start)
        #expect(intake.step(3) == .claim(intake.capacity(1, 1)))
    }

    @Test("a permit of a class for which Redis does not count the worker as idle leads to a claim")
    func idle() {
        var intake = Intake(concurrency: 2)
        intake.rest()
        intake.machine.woken()
        _ = intake.step(1)
        intake.claimed([.start])
        #expect(intake.step(2) == .sleep(until: nil))
        // Redis knows that the worker has a permit for starts.
        intake.end(.start)
        #expect(intake.step(3) == .sleep(until: nil))
        intake.machine.woken()
        _ = intake.step(4)
        intake.claimed([.start, .start])
        intake.end(.start)
        #expect(intake.step(5) == .claim(intake.capacity(1, 2)))
    }

    @Test("a wake-up during a claim leads to another claim")
    func wokenMeanwhile() {
        var intake = Intake()
        intake.rest()
        intake.machine.woken()
        #expect(intake.step(1) == .claim(intake.capacity(16, 16)))
        intake.machine.woken()
        intake.claimed()
        #expect(intake.step(2) == .claim(intake.capacity(16, 16)))
        intake.claimed()
        #expect(intake.step(3) == .sleep(until: nil))
    }

    @Test("with the Docker Engine away, Redis soon counts the worker as idle no more")
    func away() {
        var intake = Intake(concurrency: 8)
        intake.rest()
        let none = Capacity(starts: 0, stops: 0)
        #expect(intake.step(1, dockerAnswers: false) == .claim(none))
        intake.machine.claimed([], of: none, ready: [])
        #expect(intake.step(2, dockerAnswers: false) == .sleep(until: nil))
        // What it is woken for goes to another worker.
        intake.machine.woken()
        #expect(intake.step(3, dockerAnswers: false) == .claim(none))
        intake.machine.claimed([], of: none, ready: [])
        #expect(intake.step(4) == .claim(Capacity(starts: 8, stops: 8)))
    }

    @Test("a paused queue is looked at after a wake-up, and no connection waits at it")
    func paused() {
        var intake = Intake()
        _ = intake.step()
        intake.outcome(isPaused: true, isEmptied: false)
        _ = intake.step(1)
        intake.claimed()
        #expect(intake.step(2) == .sleep(until: nil) && !intake.machine.isEmpty("a"))
        intake.machine.woken()
        #expect(intake.take(30)?.queue == "a")
    }

    @Test("a full window is looked at after an end and a pause, after many ends, and after a wake-up")
    func window() {
        func full() -> Intake {
            var intake = Intake(concurrency: 200)
            intake.claimed(Array(repeating: .stop, count: 100))
            _ = intake.step()
            intake.outcome(isFull: true, isEmptied: false)
            intake.claimed()
            return intake
        }
        var intake = full()
        #expect(intake.step(1_000) == .sleep(until: nil))
        intake.end(.stop)
        #expect(intake.take(1_001)?.queue == "a")
        intake = full()
        intake.end(.stop)
        #expect(intake.step(49) == .sleep(until: Intake.at(50)))
        for _ in 0..<63 { intake.end(.stop) }
        #expect(intake.take(49)?.queue == "a")
        intake = full()
        intake.machine.woken()
        #expect(intake.take(30)?.queue == "a")
    }

    @Test("each queue has its own back-off, which doubles up to a bound and ends with a success")
    func backoff() {
        var intake = Intake(queues: ["a", "b"])
        intake.rest(["a", "b"])
        var now: Int64 = 0
        for pause: Int64 in [250, 500, 1_000, 2_000, 4_000, 5_000, 5_000] {
            intake.machine.failed("a", now: Intake.at(now))
            #expect(intake.step(now) == .sleep(until: Intake.at(now + pause)))
            intake.machine.swept()
            #expect(intake.take(now + 21)?.queue == "b")
            intake.outcome(of: "b")
            intake.claimed()
            // The sweep does not end the pause.
            #expect(intake.step(now + 22) == .sleep(until: Intake.at(now + pause)))
            now += pause
            #expect(intake.take(now)?.queue == "a")
        }
        intake.outcome(of: "a", isEmptied: false)
        intake.claimed()
        intake.machine.failed("a", now: Intake.at(now))
        #expect(intake.step(now + 30) == .sleep(until: Intake.at(now + 250)))
    }

    @Test("queues take turns, so that a long queue holds up no other")
    func turns() {
        var intake = Intake(queues: ["a", "b"])
        for queue in ["a", "b", "a", "b"] {
            #expect(intake.take()?.queue == queue)
            intake.outcome(of: queue, taken: 8, isEmptied: false)
            intake.claimed()
        }
    }

    @Test("a sweep that finds work, and a broken connection, lead to a look at empty queues")
    func lostWakeUps() {
        var intake = Intake()
        intake.rest()
        intake.machine.lostSight(of: "a")
        #expect(intake.take(30)?.queue == "a")
        intake.outcome()
        intake.claimed()
        #expect(intake.step(31) == .sleep(until: nil))
        intake.machine.swept()
        #expect(intake.take(60)?.queue == "a")
    }
}
