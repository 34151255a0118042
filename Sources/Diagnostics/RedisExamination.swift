import JobContract
import JobQueue
import Primitives
import QueueAdmin
import Redis

/// Reads the facts about Redis for the doctor. Writes only a few keys of the doctor's own, and deletes them.
package struct RedisExamination: Sendable {
    package let queue: JobQueue

    /// Returns the push time written in a message; nil if the message has none.
    private let pushedAt: @Sendable (_ message: [UInt8]) -> Timestamp?

    package init(queue: JobQueue, pushedAt: @escaping @Sendable (_ message: [UInt8]) -> Timestamp? = { _ in nil }) {
        self.queue = queue
        self.pushedAt = pushedAt
    }

    private var client: RedisClient { queue.client }

    package func facts() async throws -> RedisFacts {
        var facts = await toldFacts()
        facts.latency = try await latency()
        facts.keyPattern = RedisPermissions.keyPattern(queue.keys)
        facts.refused = try await RedisPermissions.refused(to: client, queue.keys)
        facts.mayUseKeys = try await queue.namespaceState() != .forbidden
        facts.clockOffset = facts.refused.contains("TIME") ? nil : try await clockOffset()
        try await readFleet(&facts)
        return facts
    }

    /// Reads the overview and the consumer groups. A refused command would look like an empty fleet, so nothing is read
    /// after a refusal.
    private func readFleet(_ facts: inout RedisFacts) async throws(QueueError) {
        let refused = facts.refused.filter { RedisPermissions.readers.contains($0) }
        guard refused.isEmpty else {
            let commands = "Redis refuses this user \(refused.joined(separator: " "))"
            facts.unread = facts.mayUseKeys ? commands : "this user may not use the keys"
            return
        }
        do throws(QueueError) {
            facts.overview = try await queue.overview(limit: 1_000, pushedAt: pushedAt)
            facts.groups = try await queue.streamGroups()
        } catch {
            guard error.isRefusal else { throw error }
            facts.unread = error.description
        }
    }

    /// Returns the facts for a page with a read every few seconds: without latency, without trial commands, without
    /// writes.
    package func cheapFacts(_ overview: FleetOverview) async throws -> RedisFacts {
        var facts = await toldFacts()
        facts.clockOffset = try await clockOffset()
        facts.overview = overview
        facts.groups = try await queue.streamGroups()
        return facts
    }

    /// Returns Redis' description of itself, as far as this user may read the description.
    private func toldFacts() async -> RedisFacts {
        var facts = RedisFacts()
        for section in ["server", "memory", "persistence", "replication"] {
            let text = try? await client.send(RedisCommand("INFO", .string(section))).string
            facts.info.merge(RedisFacts.fields(ofInfo: text ?? "")) { $1 }
        }
        facts.info["_user"] = try? await client.send(RedisCommand("ACL", "WHOAMI")).string
        for name in ["maxmemory-policy", "appendfsync", "aof-load-truncated", "save"] {
            guard let pair = try? await client.send(RedisCommand("CONFIG", "GET", .string(name))).array,
                pair.count == 2
            else { continue }
            facts.config[name] = pair[1].string ?? ""
        }
        return facts
    }

    /// Waits for an answer. A server that cannot write to its disk refuses `PING`, but lives.
    package func ping(within limit: Duration? = nil) async throws(RedisError) {
        do throws(RedisError) {
            _ = try await client.send(RedisCommand("PING"), timeout: limit)
        } catch {
            guard case .server(let refusal) = error, refusal.code == "MISCONF" else { throw error }
        }
    }

    private func latency() async throws -> Int64 {
        let clock = ContinuousClock()
        var times: [Int64] = []
        for _ in 0..<9 {
            let begin = clock.now
            try await ping()
            times.append(Int64(begin.duration(to: clock.now) / .microseconds(1)))
        }
        return times.sorted()[4]
    }

    private func clockOffset() async throws -> Int64 {
        let before = SystemClock.now().millisecondsSinceEpoch
        let time = try await queue.redisTime()
        let after = SystemClock.now().millisecondsSinceEpoch
        return time - (before + after) / 2
    }
}
