import DockerPort
import JobContract
import JobQueue
import Primitives
import RuntimeCore
import Testing

@testable import Runtime

@Suite("The size and time of a worker's intake")
struct IntakePaceTests {
    private func at(_ milliseconds: Int64) -> MonotonicInstant {
        MonotonicInstant(nanoseconds: milliseconds * 1_000_000)
    }

    private func capacity(_ starts: Int, _ stops: Int) -> Capacity { Capacity(starts: starts, stops: stops, slots: 0) }

    @Test(
        "a call requests as many jobs as can begin, at most half of all permits, and at most a batch",
        arguments: [(3, 2, 100, 3), (0, 7, 100, 7), (500, 0, 500, 64), (16, 16, 16, 8), (1, 1, 1, 1)]
    )
    func free(_ starts: Int, _ stops: Int, _ concurrency: Int, _ most: Int) {
        var pace = IntakePace()
        #expect(pace.step(capacity(starts, stops), of: concurrency, now: at(0)) == .take(most: most))
    }

    @Test("without a free permit the worker waits a little, then reads further, until one is free")
    func full() {
        var pace = IntakePace()
        #expect(pace.step(capacity(0, 0), of: 200, now: at(100)) == .wait)
        #expect(pace.step(capacity(0, 0), of: 200, now: at(104)) == .wait)
        #expect(pace.step(capacity(0, 0), of: 200, now: at(105)) == .take(most: 64))
        #expect(pace.step(capacity(0, 0), of: 200, now: at(106)) == .take(most: 64))
        #expect(pace.step(capacity(1, 0), of: 200, now: at(107)) == .take(most: 1))
        #expect(pace.step(capacity(0, 0), of: 200, now: at(108)) == .wait)
    }

    @Test("ready jobs come first, but not for long")
    func ready() {
        var pace = IntakePace()
        pace.claimed(0, of: capacity(9, 9), waiting: .starts)
        #expect(pace.step(capacity(1, 1), of: 200, now: at(0)) == .take(most: 1))
        #expect(pace.step(capacity(1, 1), of: 200, now: at(19)) == .claim)
        #expect(pace.step(capacity(2, 1), of: 200, now: at(20)) == .take(most: 2))
        pace.claimed(0, of: capacity(9, 9), waiting: [])
        #expect(pace.step(capacity(1, 1), of: 200, now: at(21)) == .take(most: 1))
    }

    @Test("ready jobs without a free permit are not claimed repeatedly")
    func readyWithoutPermit() {
        var pace = IntakePace()
        _ = pace.step(capacity(1, 1), of: 200, now: at(0))
        pace.claimed(0, of: capacity(9, 9), waiting: .starts)
        #expect(pace.step(capacity(0, 1), of: 200, now: at(1)) == .take(most: 1))
        pace.claimed(0, of: capacity(9, 9), waiting: .stops)
        #expect(pace.step(capacity(1, 0), of: 200, now: at(2)) == .take(most: 1))
        #expect(pace.step(capacity(0, 1), of: 200, now: at(3)) == .claim)
    }

    @Test("a released permit is used at once if Redis has a job for it")
    func permitReleasedMeanwhile() {
        var pace = IntakePace()
        #expect(!pace.goesOn(capacity(1, 1), mayHaveMessages: false))
        #expect(pace.goesOn(capacity(0, 0), mayHaveMessages: true))
        pace.claimed(0, of: capacity(9, 9), waiting: .starts)
        #expect(pace.goesOn(capacity(1, 0), mayHaveMessages: false))
        #expect(!pace.goesOn(capacity(0, 1), mayHaveMessages: false))
        pace.claimed(0, of: capacity(9, 9), waiting: .stops)
        #expect(pace.goesOn(capacity(0, 1), mayHaveMessages: false))
        pace.claimed(0, of: capacity(9, 9), waiting: [])
        #expect(!pace.goesOn(capacity(1, 1), mayHaveMessages: false))
    }

    @Test("as permits are released one by one, empty queues are read now and then, others each time")
    func messagesBehindReady() {
        var pace = IntakePace()
        #expect(pace.looksAtMessages(now: at(0), hasSeenSome: false))
        _ = pace.step(capacity(1, 1), of: 200, now: at(0))
        pace.tookIn(leavingMessages: false)
        #expect(!pace.looksAtMessages(now: at(19), hasSeenSome: false))
        #expect(pace.looksAtMessages(now: at(19), hasSeenSome: true))
        #expect(pace.looksAtMessages(now: at(20), hasSeenSome: false))
        pace.tookIn(leavingMessages: true)
        #expect(pace.looksAtMessages(now: at(1), hasSeenSome: false))
    }

    @Test("the worker asks again if Redis may believe that a class has no free permit")
    func releasedPermits() {
        var pace = IntakePace()
        pace.claimed(1, of: capacity(9, 2), waiting: [])
        #expect(!pace.hasFilledPlaces)
        pace.claimed(2, of: capacity(9, 2), waiting: [])
        #expect(pace.hasFilledPlaces)
        pace.claimed(0, of: capacity(0, 2), waiting: [])
        #expect(pace.hasFilledPlaces)
    }

    @Test("the end of a job frees capacity if permits were short, and if Redis counts games")
    func capacityOfAnEnd() {
        func state(_ concurrency: Int) -> WorkerState { WorkerState(lease: .seconds(10), concurrency: concurrency) }
        for hasSlots in [false, true] {
            let state = state(8)
            state.began(.stop)
            state.freePermit(.stop)
            let changes = state.beginRound()
            state.ended(hasSlots: hasSlots)
            #expect(state.waitForPlace(true, since: changes) == !hasSlots)
        }
        let state = state(1)
        for _ in 0..<2 { state.began(.stop) }
        for _ in 0..<2 { state.freePermit(.stop) }
        let changes = state.beginRound()
        state.ended(hasSlots: false)
        #expect(!state.waitForPlace(true, since: changes))
    }
}
