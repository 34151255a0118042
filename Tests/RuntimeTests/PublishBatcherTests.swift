import DockerPort
import Primitives
import RuntimeCore
import Testing

@testable import Runtime

@Suite("Lifecycle steps that wait to be published")
struct PublishBatcherTests {
    private func at(_ milliseconds: Int64) -> MonotonicInstant {
        MonotonicInstant(nanoseconds: milliseconds * 1_000_000)
    }

    private func observation(_ second: Int64) -> Observation {
        let time = Timestamp(seconds: second)
        let hint = DockerEvent(action: "oom", containerID: "c", occurredAt: time)
        return Observation(containerID: "c", container: nil, hints: [hint], seenAt: time)
    }

    @Test("frequent steps wait for a second, and are published together")
    func holds() throws {
        var book = PublishBatcher(checkpoints: [:])
        book.add([observation(1)], at: at(0))
        let first = try #require(book.takeDue(most: 9).first)
        #expect(!book.mustHold("c", at: at(0)) && first.value.hints.count == 1)
        book.publishedFrequent("c", at: at(0))
        for step in 1...3 as ClosedRange<Int64> {
            book.add([observation(1 + step)], at: at(step * 100))
            let next = try #require(book.takeDue(most: 9).first)
            #expect(book.mustHold("c", at: at(step * 100)) && next.value.hints.count == Int(step))
            book.hold(next)
            #expect(!book.hasDue && book.hasWaiting)
        }
        book.add([], at: at(999))
        #expect(!book.hasDue)
        book.add([], at: at(1_000))
        let last = try #require(book.takeDue(most: 9).first)
        #expect(last.value.hints.map(\.occurredAt.seconds) == [2, 3, 4] && !book.mustHold("c", at: at(1_000)))
        #expect(!book.hasWaiting)
    }

    @Test("steps are published in order of observation, and removed ones never")
    func keepsOrder() throws {
        var book = PublishBatcher(checkpoints: [:])
        book.publishedFrequent("c", at: at(0))
        book.add([observation(1), observation(2)], at: at(1))
        let first = try #require(book.takeDue(most: 1).first)
        book.hold(first)
        let both = try #require(book.takeDue(most: 1).first)
        #expect(both.value.hints.map(\.occurredAt.seconds) == [1, 2])
        book.hold(both)
        book.forget("c")
        book.add([], at: at(5_000))
        #expect(!book.hasDue && !book.hasWaiting)
    }
}
