import JobContract
import JobQueue
import Redis
import Support
import Testing

@testable import QueueAdmin

@Suite("The order of queues", .timeLimit(.minutes(1)))
struct QueueOrderTests {
    @Test(
        "is that of the workers, and differs only if two workers contradict each other",
        arguments: [
            ([], [], false), ([["b", "a"]], ["b", "a"], false),
            ([["high", "default"], ["default", "low"]], ["high", "default", "low"], false),
            ([["a", "b"], ["a", "c"], ["b", "c"]], ["a", "b", "c"], false),
            ([["a", "b"], ["b", "a"], ["b", "a"]], ["b", "a"], true),
            ([["x", "a"], ["a", "b", "c"], ["c", "x"]], ["a", "b", "c", "x"], true),
        ] as [([[String]], [String], Bool)]
    )
    func merge(lists: [[String]], names: [String], differs: Bool) {
        let order = QueueOrder(lists)
        #expect(order.names == names && order.differs == differs)
        #expect(order.sorted(["z", "y"] + names.sorted(), by: \.self) == names + ["y", "z"])
    }

    @Test("of living workers is the order of the list; a queue without a worker comes last")
    func overview() async throws {
        try await QueueWorld.with { world in
            let options = JobQueueOptions(queues: ["urgent", "default", "batch"])
            try await world.worker("w1", options: options).announce([])
            let served = options.queues.map { RedisArgument.string($0) }
            _ = try await world.client.send(
                RedisCommand("SADD", arguments: [.string(world.keys.queues)] + served)
            )
            try await world.push("x", queue: "aaa")
            let overview = try await world.worker("w1").queueOverviews { _ in nil }
            #expect(overview.queues.map(\.name) == ["urgent", "default", "batch", "aaa"])
            #expect(overview.queues.map(\.workers) == [1, 1, 1, 0] && !overview.queueOrderDiffers)
            let retention = try await world.worker("w1").streamRetention()
            #expect(retention == overview.retention && retention?.entries ?? 0 > 0 && retention?.age ?? 0 > 0)
        }
    }
}
