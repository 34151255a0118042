import JobContract
import RuntimeCore
import Testing

@testable import JobQueue
@testable import Runtime

extension Intake {
    /// The step after an intake whose messages other workers have taken.
    fileprivate mutating func late(_ seen: Int, at milliseconds: Int64) -> Step {
        outcome(taken: 0, seen: seen, isEmptied: false, at: milliseconds)
        return step(milliseconds)
    }
}

/// Messages that a worker has read ahead.
extension IntakeMachineTests {
    /// A worker that has just taken as many messages in as it could begin, and has read these ahead.
    private func readAhead(_ ahead: Int, concurrency: Int = 4) -> Intake {
        var intake = Intake(concurrency: concurrency)
        _ = intake.take()
        intake.claimed()
        intake.outcome(taken: 2, isEmptied: false)
        let first = intake.step(1)
        #expect(first == .take(.init(queue: "a", most: 32, readsAhead: true, capacity: intake.capacity(4, 4))))
        intake.claimed([.start, .stop])
        intake.outcome(taken: 2, isEmptied: false, next: (0..<ahead).map { .whole([UInt8($0)]) }, at: 1)
        return intake
    }

    @Test("a busy worker takes the messages that it has read ahead, as many as it can begin")
    func takesAhead() {
        var intake = readAhead(34)
        #expect(intake.machine.goesOn)
        guard case .take(let first) = intake.step(2) else {
            Issue.record("no intake")
            return
        }
        #expect(first.known == (0..<32).map { .whole([$0]) } && !first.readsAhead)
        #expect(!intake.machine.goesOn)
        intake.outcome(taken: 32, isEmptied: false, at: 2)
        // The last of them: what is behind these is unknown.
        guard case .take(let last) = intake.step(3) else {
            Issue.record("no intake")
            return
        }
        #expect(last.known == [.whole([32]), .whole([33])] && last.readsAhead)
    }

    @Test("after other workers took all messages of an intake, a worker leaves them the next ones for a second")
    func leaves() {
        var intake = readAhead(3)
        _ = intake.step(2)
        intake.outcome(taken: 0, seen: 2, isEmptied: false, next: [.whole([9])], at: 2)
        #expect(intake.step(3) == .sleep(until: Intake.at(1_002)))
        // Jobs that others have taken in, and are ready.
        intake.machine.woken()
        #expect(intake.step(4) == .claim(intake.capacity(3, 3)))
        intake.claimed(ready: .starts)
        #expect(intake.step(5) == .claim(intake.capacity(3, 3)))
        intake.claimed()
        #expect(intake.step(1_001) == .sleep(until: Intake.at(1_002)))
        let next = intake.step(1_002)
        #expect(next == .take(.init(queue: "a", most: 32, capacity: intake.capacity(3, 3))))
    }

    @Test("a worker that finds other messages than the one that has woken it reads them at once")
    func findsOthers() {
        var intake = Intake()
        intake.rest()
        for time in [Int64(10), 20] {
            intake.machine.saw([7], in: "a")
            guard case .take(let woken) = intake.step(time), case .take = intake.late(1, at: time),
                case .sleep = intake.late(32, at: time)
            else {
                Issue.record("another step")
                return
            }
            #expect(woken.known == [.whole([7])])
        }
        // Somebody looks for what a dead worker has left.
        intake.machine.swept()
        guard case .claim = intake.step(30) else {
            Issue.record("no claim")
            return
        }
        intake.claimed()
        guard case .take(let take) = intake.step(30) else {
            Issue.record("no intake")
            return
        }
        #expect(take.known.isEmpty)
    }

    @Test("after another worker took some messages of an intake, a worker reads nothing ahead for a second")
    func rivals() {
        var intake = readAhead(3)
        _ = intake.step(2)
        intake.outcome(taken: 1, seen: 2, isEmptied: false, next: [.whole([9])], at: 2)
        func reads(_ milliseconds: Int64) -> [Bool]? {
            guard case .take(let take) = intake.step(milliseconds) else { return nil }
            intake.outcome(taken: 2, isEmptied: false, at: milliseconds)
            return [take.known.isEmpty, take.readsAhead]
        }
        #expect(reads(3) == [false, false])
        #expect(reads(4) == [true, false])
        #expect(reads(999) == [true, false])
        #expect(reads(1_003) == [true, true])
    }

    @Test("a worker that takes messages now and then reads nothing ahead")
    func calm() {
        var intake = Intake()
        _ = intake.take()
        intake.claimed()
        intake.outcome(taken: 2, isEmptied: false)
        guard case .take(let take) = intake.step(50) else {
            Issue.record("no intake")
            return
        }
        #expect(!take.readsAhead)
    }

    @Test("a worker far from Redis reads ahead too: the time of the intake itself does not count")
    func far() {
        var intake = Intake()
        _ = intake.take()
        intake.claimed()
        intake.outcome(taken: 2, isEmptied: false, at: 60)
        guard case .take(let take) = intake.step(61) else {
            Issue.record("no intake")
            return
        }
        #expect(take.readsAhead)
    }

    @Test("messages read ahead are forgotten when the queue is empty, paused, failing, or the window full")
    func forgets() {
        let changes: [(inout Intake) -> Void] = [
            { $0.outcome(taken: 2, at: 2) },
            { $0.outcome(isPaused: true, isEmptied: false, at: 2) },
            { $0.outcome(taken: 1, seen: 2, isFull: true, isEmptied: false, at: 2) },
            { $0.machine.failed("a", now: Intake.at(2)) },
        ]
        for change in changes {
            // The first intake takes 32 of them, and two are left.
            var intake = readAhead(34)
            _ = intake.step(2)
            change(&intake)
            intake.end(.start)
            intake.machine.swept()
            intake.machine.woken()
            var next = intake.step(9_000)
            if case .claim = next {
                intake.claimed()
                next = intake.step(9_000)
            }
            guard case .take(let take) = next else {
                Issue.record("no intake, but \(next)")
                continue
            }
            #expect(take.known.isEmpty)
        }
    }

    @Test("messages behind a message that another worker has taken are forgotten")
    func partlyLate() {
        var intake = readAhead(34)
        _ = intake.step(2)
        intake.outcome(taken: 1, seen: 32, isEmptied: false, at: 2)
        guard case .take(let take) = intake.step(3) else {
            Issue.record("no intake")
            return
        }
        #expect(take.known.isEmpty && !take.readsAhead)
    }

    @Test("queues take turns, also with messages read ahead")
    func turnsAhead() {
        var intake = Intake(queues: ["a", "b"], concurrency: 4)
        var known: [String] = []
        for (time, queue) in ["a", "b", "a", "b", "a", "b"].enumerated() {
            guard case .take(let take) = intake.step(Int64(time)) else {
                Issue.record("no intake")
                return
            }
            #expect(take.queue == queue)
            if take.known.first == .whole(Array(queue.utf8)) { known.append(queue) }
            intake.claimed()
            let next = Array(repeating: WaitingMessage.whole(Array(queue.utf8)), count: take.readsAhead ? 34 : 0)
            intake.outcome(of: queue, taken: 32, isEmptied: false, next: next, at: Int64(time))
        }
        #expect(known == ["b", "a", "b"])
    }

    @Test("a worker that drains, or without a Docker Engine, takes nothing that it has read ahead")
    func endsAhead() {
        var intake = readAhead(34)
        #expect(intake.step(2, dockerAnswers: false) == .claim(.none))
        intake.machine.drain()
        #expect(intake.step(3) == .end)
    }

    @Test("without a free permit the worker waits before it takes messages that it has read ahead")
    func fullAhead() {
        var intake = readAhead(3)
        intake.claimed([.start, .start, .start, .stop, .stop, .stop])
        #expect(intake.step(2) == .sleep(until: Intake.at(7)))
        guard case .take(let take) = intake.step(7) else {
            Issue.record("no intake")
            return
        }
        #expect(take.known.count == 3 && take.capacity == .none)
    }

    @Test("ready jobs come before messages read ahead, and such an intake counts as one")
    func readyBeforeAhead() {
        var intake = readAhead(3)
        intake.claimed(ready: .starts)
        #expect(intake.step(2) == .claim(intake.capacity(3, 3)))
        intake.claimed()
        guard case .take(let first) = intake.step(2) else {
            Issue.record("no intake")
            return
        }
        #expect(first.known.count == 3)
        intake.claimed()
        intake.outcome(taken: 3, isEmptied: false, at: 2)
        // 49 ms after this intake, and 50 ms after the one before.
        guard case .take(let second) = intake.step(51) else {
            Issue.record("no intake")
            return
        }
        #expect(second.known.isEmpty && second.readsAhead)
    }
}
