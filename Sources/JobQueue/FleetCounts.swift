import JobContract
import Primitives
import Redis

/// The figures of the whole fleet, as one node reads them. Pure.
package struct FleetCounts: Sendable, Equatable {
    /// The states of a node in metrics. A node has exactly one state.
    package enum NodeState: String, Sendable, CaseIterable {
        case up
        /// The node lives, and begins no start.
        case draining
        /// No sign of life for two leases.
        case silent
        case lost
    }

    /// A queue that workers serve or have served.
    package struct Queue: Sendable, Equatable {
        package var name: String
        package var isPaused: Bool

        package init(name: String, isPaused: Bool) {
            self.name = name
            self.isPaused = isPaused
        }
    }

    /// The jobs that have begun or may begin, by state.
    package struct Jobs: Sendable, Equatable {
        /// Admitted jobs that neither run nor wait for their next attempt. A game counts for at most 100 jobs.
        package var waiting = 0
        package var running = 0
        package var retrying = 0

        package init(window: Int = 0, running: Int = 0, retrying: Int = 0) {
            waiting = max(0, window - running - retrying)
            self.running = running
            self.retrying = retrying
        }
    }

    package var nodes: [NodeState: Int] = [:]
    package var jobs = Jobs()
    package var queues: [Queue] = []
    /// The number of messages in queues without a living worker; nil: not counted this time.
    package var unservedMessages: Int?
    /// The messages dropped because their id was known, since the namespace's data began.
    package var duplicates = 0

    package init() {}

    /// Counts the nodes by state.
    ///
    /// - Parameters:
    ///   - living: The nodes with a recent sign of life.
    ///   - draining: The nodes that an operator has drained, in any state.
    ///   - known: The number of nodes that are not lost.
    package mutating func count(living: Set<String>, draining: Set<String>, known: Int, lost: Int) {
        let drained = living.intersection(draining).count
        nodes = [
            .up: living.count - drained, .draining: drained, .silent: max(0, known - living.count), .lost: lost,
        ]
    }
}

extension JobQueue {
    /// The greatest number of living nodes in the figures.
    private static let mostNodes = 10_000
    /// The greatest number of queues in the figures. Only settings of workers add a queue.
    private static let mostQueues = 100
    /// The time after a reading for which no other node becomes the reader. A leader reads every 30 s.
    private static let readerTime = Duration.seconds(45)

    /// Returns the figures of the fleet; nil if another node reads them. One node is the reader, so the costs do not grow
    /// with the number of nodes.
    ///
    /// - Parameters:
    ///   - now: The time of Redis in ms since 1970.
    ///   - searchesQueues: Whether to count the messages in queues that no worker serves. The count searches all keys of
    ///     Redis, at most 200,000.
    package func fleetCounts(at now: Int64, searchesQueues: Bool) async throws(QueueError) -> FleetCounts? {
        guard try await isReader() else { return nil }
        let living = try await livingNodes(at: now)
        let answers = try await pipeline([
            RedisCommand("ZCARD", .string(keys.prefix + "nodes")),
            RedisCommand("ZCARD", .string(keys.prefix + "leases")),
            RedisCommand("ZCARD", .string(keys.prefix + "delayed")),
            RedisCommand("HMGET", .string(keys.meta), "window", "duplicates", "lost"),
            RedisCommand("SMEMBERS", .string(keys.draining)), RedisCommand("SMEMBERS", .string(keys.queues)),
            RedisCommand("SMEMBERS", .string(keys.paused)),
        ])
        let numbers = answers.map { Int($0.integer ?? 0) }
        let meta = (answers[3].array ?? []).map { $0.string.flatMap { Int($0) } ?? 0 }
        guard meta.count == 3 else { throw QueueError(call: "HMGET", message: "Redis answered something else") }
        let sets = answers.suffix(3).map { Set(($0.array ?? []).compactMap(\.string)) }
        var counts = FleetCounts()
        counts.count(living: living, draining: sets[0], known: numbers[0], lost: meta[2])
        counts.jobs = FleetCounts.Jobs(window: meta[0], running: numbers[1], retrying: numbers[2])
        counts.duplicates = meta[1]
        counts.queues = sets[1].sorted().prefix(Self.mostQueues)
            .map { FleetCounts.Queue(name: $0, isPaused: sets[2].contains($0)) }
        if searchesQueues { counts.unservedMessages = try await unservedMessages(known: sets[1]) }
        return counts
    }

    /// Returns whether this node reads the figures of the fleet: no other node has read them for some time.
    private func isReader() async throws(QueueError) -> Bool {
        let (key, node) = (RedisArgument.string(keys.fleetReader), worker.node.text)
        let time = RedisArgument.integer(Self.readerTime.milliseconds)
        let reader = try await command(RedisCommand("SET", key, .string(node), "NX", "GET", "PX", time))
        // Without a reader, the command has made this node the reader.
        guard let name = reader.string else { return true }
        guard name == node else { return false }
        _ = try await command(RedisCommand("PEXPIRE", key, time))
        return true
    }

    /// Returns the nodes with a sign of life in the last two leases.
    private func livingNodes(at now: Int64) async throws(QueueError) -> Set<String> {
        let since = RedisArgument.string("(\(now - 2 * options.lease.milliseconds)")
        let limit = RedisArgument.integer(Int64(Self.mostNodes))
        let nodes = RedisArgument.string(keys.prefix + "nodes")
        let answer = try await lenient(RedisCommand("ZRANGEBYSCORE", nodes, since, "+inf", "LIMIT", 0, limit))
        return Set((answer.array ?? []).compactMap(\.string))
    }

    /// Returns the number of messages in queues that no living worker serves.
    private func unservedMessages(known: Set<String>) async throws(QueueError) -> Int {
        let served = try await workersByQueue()
        let names = try await queuesWithMessages().names.union(known).filter { served[$0] == nil }
        guard !names.isEmpty else { return 0 }
        let lists = names.flatMap { keys.messageLists($0) }
        var count = 0
        for start in stride(from: 0, to: lists.count, by: 1_000) {
            let part = lists[start..<min(start + 1_000, lists.count)]
            count += try await pipeline(part.map { RedisCommand("LLEN", .string($0)) })
                .reduce(0) { $0 + Int($1.integer ?? 0) }
        }
        return count
    }
}
