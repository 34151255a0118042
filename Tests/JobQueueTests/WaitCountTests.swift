import JobContract
import JobQueue
import QueueAdmin
import Redis
import Support
import Testing

/// How many jobs wait, by reason.
@Suite("Counts of waiting jobs", .timeLimit(.minutes(1)))
struct WaitCountTests {
    private func counts(_ node: WaitCounts.NodeFacts, isPaused: Bool = false, isWindowFull: Bool = false)
        -> [WaitWord: Int]
    {
        let queue = WaitCounts.QueueFacts(messages: 1, isPaused: isPaused, starts: 10, stops: 100, commonStarts: 1_000)
        return WaitCounts(node: node, queues: [queue, queue], isWindowFull: isWindowFull, delayed: 3, behind: -1)
            .byReason.filter { $0.value > 0 }
    }

    @Test("a job has the first reason that applies")
    func reasons() {
        typealias Node = WaitCounts.NodeFacts
        #expect(counts(Node()) == [.retry: 3])
        #expect(counts(Node(isFull: true)) == [.retry: 3, .noCapacity: 2_020])
        #expect(counts(Node(isDrained: true, isFull: true)) == [.retry: 3, .nodeDrained: 20])
        #expect(counts(Node(isDrained: true, isReturning: true)) == [.retry: 3, .nodeReturning: 220])
        #expect(counts(Node(), isWindowFull: true) == [.retry: 3, .windowFull: 2])
        #expect(counts(Node(isFull: true), isPaused: true, isWindowFull: true) == [.retry: 3, .queuePaused: 2_222])
    }

    @Test("the counts agree with Redis")
    func real() async throws {
        try await QueueWorld.with { world in
            let options = world.options(NodeCapacity(slots: 1))
            let worker = world.worker("w1", node: "n1", options: options)
            try await worker.announce([OwnedGame(gameID: "old", isRunning: true)])
            func found() async throws -> [WaitWord: Int] { try await worker.waits().byReason.filter { $0.value > 0 } }
            #expect(try await found() == [:])
            let idle = try await worker.waits()
            #expect(idle.isIdle && !idle.isDrained)

            for number in 0..<3 { try await world.push(QueueWorld.message(.start, "s\(number)", game: "g\(number)")) }
            try await world.push(QueueWorld.message(.start, "more", game: "g0"))
            try await world.intake(worker)
            #expect(try await found() == [.noCapacity: 3, .behind: 1])

            // The start of a game of the node needs no further slot, and waits all the same while the node is drained.
            try await world.push(QueueWorld.message(.start, "own", game: "old"))
            try await world.intake(worker)
            _ = try await worker.drain(node: "n1")
            #expect(try await worker.waits().isIdle == false)
            #expect(try await found() == [.nodeDrained: 1, .behind: 1])

            let paused = RedisCommand("SADD", .string(world.keys.paused), "default")
            _ = try await world.client.send(paused)
            try await world.push(QueueWorld.message(.start, "late", game: "late"))
            #expect(try await found() == [.queuePaused: 5, .behind: 1])
        }
    }
}
