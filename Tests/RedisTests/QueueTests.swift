import NIOCore
import Testing

@testable import Redis

@Suite("The reply queue and the backlog")
struct QueueTests {
    static func at(_ milliseconds: Int64) -> NIODeadline { MachineTests.at(milliseconds) }

    @Test("the oldest entry gets the next replies, as many as its commands")
    func order() {
        var queue = ReplyQueue<String>()
        queue.append("a", replies: 1, isPipeline: false, deadline: Self.at(10))
        queue.append("b", replies: 2, isPipeline: true, deadline: Self.at(10))
        queue.append("c", replies: 1, isPipeline: true, deadline: Self.at(10))
        #expect(queue.missing == 4)
        var log: [String] = []
        for number in 1...5 {
            switch queue.accept(.integer(Int64(number))) {
            case .single(let handle, let value): log.append("\(handle) \(value.integer ?? 0)")
            case .pipeline(let handle, let values): log.append("\(handle) \(values.compactMap(\.integer))")
            case .partial: log.append("partial")
            case .unsolicited: log.append("unsolicited")
            }
        }
        #expect(log == ["a 1", "partial", "b [2, 3]", "c [4]", "unsolicited"])
        #expect(queue.missing == 0 && queue.isEmpty)
    }

    @Test("each late entry is reported once, and a late oldest entry is a stall")
    func expiry() {
        var queue = ReplyQueue<Int>()
        queue.append(1, replies: 1, isPipeline: false, deadline: Self.at(100))
        queue.append(2, replies: 1, isPipeline: false, deadline: Self.at(20))
        queue.append(3, replies: 1, isPipeline: false, deadline: Self.at(200))
        #expect(queue.nextDeadline == Self.at(20))
        let first = queue.expire(now: Self.at(20))
        #expect(first.timedOut == [2] && !first.isStalled)
        #expect(queue.nextDeadline == Self.at(100))
        let again = queue.expire(now: Self.at(30))
        #expect(again.timedOut.isEmpty && !again.isStalled)
        // The first is answered in time; the late second one is now the oldest: the server is behind.
        _ = queue.accept(.null)
        let stalled = queue.expire(now: Self.at(40))
        #expect(stalled.timedOut.isEmpty && stalled.isStalled)
        let rest = queue.removeAll()
        #expect(rest == [2, 3])
        #expect(queue.nextDeadline == nil && queue.missing == 0)
    }

    @Test("a late entry keeps its position, so no other entry gets its reply")
    func lateReplies() {
        var queue = ReplyQueue<Int>()
        queue.append(1, replies: 1, isPipeline: false, deadline: Self.at(100))
        queue.append(2, replies: 1, isPipeline: false, deadline: Self.at(20))
        queue.append(3, replies: 1, isPipeline: false, deadline: Self.at(100))
        _ = queue.expire(now: Self.at(50))
        var answered: [Int] = []
        for _ in 0..<3 {
            if case .single(let handle, _) = queue.accept(.null) { answered.append(handle) }
        }
        #expect(answered == [1, 2, 3])
    }

    @Test("one bound covers waiting and unanswered commands")
    func bound() {
        var backlog = Backlog<Int>(limit: 4)
        var submissions = [backlog.submit(1, commands: 1, bytes: 10, deadline: Self.at(1))]
        submissions.append(backlog.submit(2, commands: 3, bytes: 10, deadline: Self.at(1)))
        submissions.append(backlog.submit(3, commands: 1, bytes: 10, deadline: Self.at(1)))
        let refusal = RedisError.overloaded("4 commands are unanswered, 1 more would exceed 4")
        #expect(submissions == [.acceptedWakeWriter, .accepted, .refused(refusal)])
        backlog.writerStarted()
        let taken = backlog.take(atMost: 10, bytes: 1_000)
        #expect(taken == [1, 2])
        let stillFull = backlog.submit(4, commands: 1, bytes: 10, deadline: Self.at(1))
        #expect(stillFull == .refused(refusal))
        backlog.release(commands: 3)
        let fits = backlog.submit(5, commands: 3, bytes: 10, deadline: Self.at(1))
        #expect(fits == .acceptedWakeWriter)
    }

    @Test("the backlog returns calls in order, in batches, without late ones")
    func backlogOrder() {
        var backlog = Backlog<Int>(limit: 100)
        for number in 0..<10 {
            _ = backlog.submit(number, commands: 1, bytes: 10, deadline: Self.at(number % 2 == 0 ? 50 : 500))
        }
        #expect(backlog.nextDeadline == Self.at(50))
        let taken = backlog.take(atMost: 3, bytes: 1_000)
        #expect(taken == [0, 1, 2])
        let late = backlog.expire(now: Self.at(60))
        #expect(late == [4, 6, 8])
        #expect(backlog.nextDeadline == Self.at(500))
        #expect(backlog.unanswered == 7)
        let waiting = backlog.close()
        #expect(waiting == [3, 5, 7, 9])
        #expect(backlog.unanswered == 3)
        let afterClose = backlog.submit(11, commands: 1, bytes: 10, deadline: Self.at(1))
        #expect(afterClose == .refused(.closed))
    }

    @Test("a batch has a byte limit, but at least one call")
    func batchBytes() {
        var backlog = Backlog<Int>(limit: 100)
        for (number, bytes) in [40, 50, 20, 500, 90, 10, 1].enumerated() {
            _ = backlog.submit(number, commands: 1, bytes: bytes, deadline: Self.at(50))
        }
        var batches: [[Int]] = []
        while !backlog.isEmpty { batches.append(backlog.take(atMost: 10, bytes: 100)) }
        #expect(batches == [[0, 1], [2], [3], [4, 5], [6]])
        let nothing = backlog.take(atMost: 10, bytes: 100)
        #expect(nothing.isEmpty)
    }
}
