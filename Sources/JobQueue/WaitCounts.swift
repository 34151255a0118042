import JobContract
import Redis

/// The jobs and messages that wait, by reason, as one node sees them. Pure.
package struct WaitCounts: Sendable, Equatable {
    /// What Redis holds for the node.
    package struct NodeFacts: Sendable, Equatable {
        package var isDrained = false
        /// Whether the node has to stop games before it takes jobs.
        package var isReturning = false
        /// Whether the node has no capacity for a further game.
        package var isFull = false

        package init(isDrained: Bool = false, isReturning: Bool = false, isFull: Bool = false) {
            self.isDrained = isDrained
            self.isReturning = isReturning
            self.isFull = isFull
        }
    }

    /// What Redis holds for a queue of the node.
    package struct QueueFacts: Sendable, Equatable {
        package var messages = 0
        package var isPaused = false
        /// Ready starts, and ready stops and removes, of games of the node.
        package var starts = 0
        package var stops = 0
        /// Ready starts of games without a node.
        package var commonStarts = 0

        package init(messages: Int = 0, isPaused: Bool = false, starts: Int = 0, stops: Int = 0, commonStarts: Int = 0)
        {
            self.messages = messages
            self.isPaused = isPaused
            self.starts = starts
            self.stops = stops
            self.commonStarts = commonStarts
        }
    }

    /// The reasons that a node can count at a small cost. A silent node counts nothing, and only a look at all workers
    /// shows that none serves a queue.
    package static let reasons = WaitWord.allCases.filter { $0 != .nodeSilent && $0 != .unserved }

    package private(set) var byReason: [WaitWord: Int] = [:]
    /// Whether an operator has drained the node.
    package let isDrained: Bool
    /// Whether the namespace has no live job, and the queues of the worker have no message. Then nothing waits.
    package let isIdle: Bool

    /// The counts of an idle namespace.
    package init(idleAndDrained isDrained: Bool) {
        self.isDrained = isDrained
        isIdle = true
    }

    /// - Parameters:
    ///   - isWindowFull: Whether the window admits no start.
    ///   - delayed: Lanes whose next attempt is not due yet.
    ///   - behind: Jobs behind another job of their game.
    package init(node: NodeFacts, queues: [QueueFacts], isWindowFull: Bool, delayed: Int, behind: Int) {
        isDrained = node.isDrained
        isIdle = false
        for queue in queues {
            if queue.isPaused {
                add(queue.messages + queue.starts + queue.stops + queue.commonStarts, .queuePaused)
                continue
            }
            if isWindowFull { add(queue.messages, .windowFull) }
            if node.isReturning {
                add(queue.starts + queue.stops, .nodeReturning)
            } else if node.isDrained {
                add(queue.starts, .nodeDrained)
            } else if node.isFull {
                add(queue.starts + queue.commonStarts, .noCapacity)
            }
        }
        add(delayed, .retry)
        add(max(0, behind), .behind)
    }

    private mutating func add(_ count: Int, _ reason: WaitWord) { byReason[reason, default: 0] += count }
}

extension JobQueue {
    /// Returns the jobs and messages that wait, as the node of this worker sees them. The lists of other nodes stay
    /// unread, so the costs do not grow with the fleet. An idle namespace costs two commands: without lanes, there is no
    /// job to count.
    package func waits() async throws(QueueError) -> WaitCounts {
        let lists = [keys.prefix + "lanes"] + options.queues.flatMap { keys.messageLists($0) }
        let answers = try await pipeline([
            RedisCommand("EXISTS", arguments: lists.map { .string($0) }),
            RedisCommand("SISMEMBER", .string(keys.draining), .string(worker.node.text)),
        ])
        let isDrained = answers[1].integer == 1
        if answers[0].integer == 0 { return WaitCounts(idleAndDrained: isDrained) }
        return try await waits(isDrained: isDrained)
    }

    private func waits(isDrained: Bool) async throws(QueueError) -> WaitCounts {
        let node = worker.node.text
        let common = [
            RedisCommand("HGET", .string(keys.meta), "window"),
            RedisCommand("HLEN", .string(keys.prefix + "lanes")),
            RedisCommand("ZCARD", .string(keys.prefix + "delayed")),
            RedisCommand("EXISTS", .string(keys.prefix + "disowned:" + node)),
            RedisCommand("HLEN", .string(keys.reservations(worker.node))),
            RedisCommand(
                "HMGET",
                .string(keys.prefix + "node:" + node),
                "slots",
                "cpu",
                "used_cpu",
                "memory",
                "used_memory"
            ),
        ]
        let answers = try await pipeline(common + options.queues.flatMap { waitCommands(of: $0, node) })
        let window = answers[0].string.flatMap { Int($0) } ?? 0
        let counts = answers.map { Int($0.integer ?? 0) }
        let capacity = (answers[5].array ?? []).map { $0.string.flatMap { Int64($0) } ?? 0 }
        let queues = options.queues.indices.map { index in
            let row = counts[(common.count + index * 6)...].prefix(6).map { $0 }
            return WaitCounts.QueueFacts(
                messages: row[0] + row[1],
                isPaused: row[2] == 1,
                starts: row[3],
                stops: row[4],
                commonStarts: row[5]
            )
        }
        return WaitCounts(
            node: WaitCounts.NodeFacts(
                isDrained: isDrained,
                isReturning: counts[3] == 1,
                isFull: Self.isFull(capacity, games: Int64(counts[4]))
            ),
            queues: queues,
            isWindowFull: window >= options.mostLiveForStarts,
            delayed: counts[2],
            behind: window - counts[1]
        )
    }

    private func waitCommands(of queue: String, _ node: String) -> [RedisCommand] {
        let starts = keys.ready("start", queue)
        return keys.messageLists(queue).map { RedisCommand("LLEN", .string($0)) } + [
            RedisCommand("SISMEMBER", .string(keys.paused), .string(queue)),
            RedisCommand("ZCARD", .string(starts + ":" + node)),
            RedisCommand("ZCARD", .string(keys.ready("stop", queue) + ":" + node)),
            RedisCommand("ZCARD", .string(starts)),
        ]
    }

    /// - Parameter capacity: Slots, CPU, used CPU, memory and used memory; 0: not counted.
    private static func isFull(_ capacity: [Int64], games: Int64) -> Bool {
        guard capacity.count == 5 else { return false }
        return capacity[0] > 0 && games >= capacity[0] || capacity[1] > 0 && capacity[2] >= capacity[1]
            || capacity[3] > 0 && capacity[4] >= capacity[3]
    }
}
