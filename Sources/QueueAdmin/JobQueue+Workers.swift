import JobContract
import JobQueue
import Redis

/// A worker, as operators see it.
package struct WorkerOverview: Sendable, Equatable {
    /// The unique name of the process: `HOST-PID-NONCE`.
    package var id: String
    package var node: NodeID
    package var queues: [String] = []
    package var version = ""
    package var description = WorkerDescription()
    /// The number of jobs under a lease of the worker.
    package var running = 0
    /// Until when the worker counts as alive without a further sign, in ms since 1970.
    package var aliveUntil: Int64

    package init(id: String, node: NodeID, aliveUntil: Int64) {
        self.id = id
        self.node = node
        self.aliveUntil = aliveUntil
    }

    /// The name of the worker's machine. The name may hold hyphens.
    package var host: String { parts.count > 2 ? parts.dropLast(2).joined(separator: "-") : id }

    /// Returns the name of the machine in the name of a worker.
    package static func host(of id: String) -> String { WorkerOverview(id: id, node: "", aliveUntil: 0).host }

    /// The id of the process on its machine; nil: the name of the worker has another form.
    package var pid: Int? { parts.count > 2 ? Int(parts[parts.count - 2]) : nil }

    private var parts: [Substring] { id.split(separator: "-", omittingEmptySubsequences: false) }
}

/// Workers at about one moment.
package struct WorkerList: Sendable, Equatable {
    /// The time of Redis, in ms since 1970.
    package var now: Int64
    /// The workers: the dead first, the longest dead before the others, then the living by host and process.
    package var workers: [WorkerOverview] = []
    /// The number of all workers.
    package var count = 0

    package init(now: Int64) { self.now = now }

    /// Puts the living workers in an order that stays from reading to reading.
    package mutating func sort() {
        let living = workers.filter { $0.aliveUntil > now }
        workers.removeAll { $0.aliveUntil > now }
        workers += living.sorted { ($0.host, $0.pid ?? 0, $0.id) < ($1.host, $1.pid ?? 0, $1.id) }
    }
}

extension JobQueue {
    /// The number of leases to read in search of the jobs of workers.
    private static let mostLeases = 20_000

    /// Returns whether a worker of the fleet lives.
    package func hasLivingWorker() async throws(QueueError) -> Bool {
        let now = "(\(try await redisTime())"
        let living = try await command(RedisCommand("ZCOUNT", .string(keys.prefix + "workers"), .string(now), "+inf"))
        return (living.integer ?? 0) > 0
    }

    /// Returns the workers, those without a sign of life first, at most `limit`. A dead worker stays for ten minutes.
    package func workers(limit: Int) async throws(QueueError) -> WorkerList {
        var list = WorkerList(now: try await redisTime())
        let key = RedisArgument.string(keys.prefix + "workers")
        let answers = try await pipeline([
            RedisCommand("ZRANGE", key, 0, .integer(Int64(limit - 1)), "WITHSCORES"), RedisCommand("ZCARD", key),
        ])
        list.count = Int(answers[1].integer ?? 0)
        let pairs = (answers[0].array ?? []).map { $0.string ?? "" }
        let scores = stride(from: 0, to: pairs.count - 1, by: 2).map { (pairs[$0], Self.milliseconds(pairs[$0 + 1])) }
        let running = scores.isEmpty ? [:] : try await runningByWorker()
        for start in stride(from: 0, to: scores.count, by: JobListReader.batch) {
            let part = scores[start..<min(start + JobListReader.batch, scores.count)]
            let names = part.map { RedisArgument.string($0.0) }
            let answers = try await pipeline([
                RedisCommand("HMGET", arguments: [.string(keys.prefix + "worker_nodes")] + names),
                RedisCommand("HMGET", arguments: [.string(keys.prefix + "worker_facts")] + names),
            ])
            let (nodes, facts) = (answers[0].array ?? [], answers[1].array ?? [])
            for (index, entry) in part.enumerated() {
                let node = index < nodes.count ? nodes[index].string : nil
                var worker = WorkerOverview(id: entry.0, node: NodeID(node ?? ""), aliveUntil: entry.1)
                if let facts = index < facts.count ? facts[index].string.flatMap(WorkerFacts.init) : nil {
                    worker.queues = facts.queues
                    worker.version = facts.version
                    worker.description = facts.description
                }
                worker.running = running[worker.id] ?? 0
                list.workers.append(worker)
            }
        }
        list.sort()
        return list
    }

    /// Returns the number of running jobs of each worker, of the first 20,000 leases.
    private func runningByWorker() async throws(QueueError) -> [String: Int] {
        let last = RedisArgument.integer(Int64(Self.mostLeases - 1))
        let leases = try await lenient(RedisCommand("ZRANGE", .string(keys.prefix + "leases"), 0, last))
        let ids = (leases.array ?? []).compactMap { $0.string.map { JobID($0) } }
        var counts: [String: Int] = [:]
        for start in stride(from: 0, to: ids.count, by: JobListReader.batch) {
            let part = ids[start..<min(start + JobListReader.batch, ids.count)]
            let answers = try await pipeline(
                part.map { RedisCommand("HGET", .string(keys.job($0)), .string(JobRecord.lease)) }
            )
            for answer in answers {
                if let worker = JobRecord.named([JobRecord.lease: answer.string ?? ""])["_worker"] {
                    counts[worker, default: 0] += 1
                }
            }
        }
        return counts
    }
}
