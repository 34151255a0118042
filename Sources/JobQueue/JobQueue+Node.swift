import JobContract
import Primitives
import Redis

/// A game with a container on the node.
package struct OwnedGame: Sendable, Equatable {
    package var gameID: GameID
    package var isRunning: Bool
    /// The number of the claim whose job made the container; 0 if unknown. Of two nodes with a container of a game, the
    /// node with the higher number owns the game.
    package var fence: Int64
    /// The running container; nil if there is none, or if nobody has inspected it.
    package var running: RunningGame?

    package init(gameID: GameID, isRunning: Bool, fence: Int64 = 0, running: RunningGame? = nil) {
        self.gameID = gameID
        self.isRunning = isRunning
        self.fence = fence
        self.running = running
    }
}

/// The reply to a candidate for leadership.
package enum LeaseAnswer: Sendable, Equatable {
    /// The worker leads. `cursor` is the point up to which earlier leaders have published; nil if there is none.
    case granted(epoch: Int64, cursor: String?)
    /// Another worker leads, in the term of this epoch. The lease lasts for `remaining`.
    case held(remaining: Duration, epoch: Int64)
}

/// What the renewal of the liveness key has found.
package struct Liveness: Sendable, Equatable {
    /// The value of the key, which changes after an outage or a loss of data. Nil after an outage that no sweep has noted
    /// yet; the next sweep must report the outage.
    package var mark: String?
    /// Whether messages lie in an inbox of the worker's queues. A worker that died may have been woken for them.
    package var hasInbox = false

    package init(mark: String?, hasInbox: Bool = false) {
        self.mark = mark
        self.hasInbox = hasInbox
    }
}

extension JobQueue {
    /// Registers the worker, before the worker lists the games of its node.
    ///
    /// Until the node's games are announced, a stop of a game without a known owner waits.
    package func register() async throws(QueueError) {
        let queues = options.queues.map { RedisArgument.string($0) }
        // The names are for people: a key of a wrong type must not keep a worker from starting.
        _ = try await pipeline([RedisCommand("SADD", arguments: [.string(keys.queues)] + queues)])
        _ = try await register([], stopped: [], isComplete: false)
    }

    /// Announces the games of the node. The worker takes no job before.
    ///
    /// - Parameter stopped: Disowned games, as this function returned them, without a running container now.
    /// - Returns: Games that the node has to stop first; none: the announcement is complete. After a loss of the node
    ///   another node may run them, or a stop has ended `node_lost`.
    @discardableResult
    package func announce(_ games: [OwnedGame], stopped: [GameID] = []) async throws(QueueError) -> [GameID] {
        let chunk = 500
        var (start, disowned): (Int, [GameID]) = (0, [])
        repeat {
            let end = min(start + chunk, games.count)
            disowned = try await register(
                games[start..<end],
                stopped: start == 0 ? stopped : [],
                isComplete: end == games.count
            )
            start = end
        } while start < games.count
        return disowned
    }

    private func register(
        _ games: ArraySlice<OwnedGame>,
        stopped: [GameID],
        isComplete: Bool
    ) async throws(QueueError) -> [GameID] {
        let settings = JSONValue(members: [
            "retention_ms": .integer(options.retention.milliseconds),
            "retention_entries": JSONValue(options.retentionEntries),
            "grace_ms": .integer(options.nodeGrace.milliseconds),
            "lease_ms": .integer(options.lease.milliseconds), "most_dead_bytes": JSONValue(options.deadBytes),
            "signed_ms": .integer(options.mostAge?.milliseconds ?? 0),
            "packs": .integer(options.placement == .pack ? 1 : 0),
            "cpu": .integer(options.defaultDemand.cpu), "memory": .integer(options.defaultDemand.memory),
        ])
        let capacity = JSONValue(members: [
            "slots": JSONValue(options.capacity.slots), "cpu": .integer(options.capacity.cpu),
            "memory": .integer(options.capacity.memory),
            "first_port": JSONValue(options.capacity.ports?.lowerBound ?? 0),
            "last_port": JSONValue(options.capacity.ports?.upperBound ?? 0),
        ])
        let rows = games.map { game in
            let demand = game.running?.demand ?? options.defaultDemand
            return JSONValue(members: [
                "id": .string(game.gameID.text), "is_running": .bool(game.isRunning), "fence": .integer(game.fence),
                "cpu": .integer(demand.cpu), "memory": .integer(demand.memory),
                "container": game.running.map { .string($0.containerID.text) },
                "port": game.running?.port.map { JSONValue($0) },
            ])
        }
        let about = options.description
        let facts = JSONValue(members: [
            "queues": servedQueues, "version": .string(options.version),
            "concurrency": about.concurrency.map { JSONValue($0) }, "console": about.console.map { .string($0) },
            "started_at": about.startedAt.map { .string($0.rfc3339) },
        ])
        // A node that can list its containers has a Docker Engine that answers.
        let reply = try await call(
            .register,
            [
                "worker": .string(worker.id), "node": .string(worker.node.text),
                "alive_ms": .integer(options.aliveTime.milliseconds), "settings": settings,
                "facts": .string(facts.text), "machine": worker.machine?.argument, "capacity": capacity,
                "games": .array(rows),
                "stopped": .array(stopped.map { .string($0.text) }), "is_complete": .bool(isComplete),
                "engine_answers": .bool(isComplete),
            ]
        )
        return (reply.array ?? []).compactMap { $0.string.map { GameID($0) } }
    }

    /// Deregisters the worker. Functions no longer wake the worker.
    package func deregister() async throws(QueueError) {
        _ = try await call(
            .deregister,
            [
                "worker": .string(worker.id), "node": .string(worker.node.text),
                "queues": servedQueues,
            ]
        )
    }

    /// Asks for the leader's lease of the node.
    package func lead(ttl: Duration) async throws(QueueError) -> LeaseAnswer {
        let answer = try await call(
            .lead,
            keys: [keys.leader(worker.node)],
            [
                "node": .string(worker.node.text), "worker": .string(worker.id), "ttl_ms": .integer(ttl.milliseconds),
            ]
        )
        guard let parts = answer.array, parts.count == 3, let granted = parts[0].integer,
            let number = parts[1].integer
        else { throw unexpected(.lead, answer) }
        if granted == 1 {
            return .granted(epoch: number, cursor: parts[2].string.flatMap { $0.isEmpty ? nil : $0 })
        }
        guard let holder = parts[2].integer else { throw unexpected(.lead, answer) }
        return .held(remaining: .milliseconds(number), epoch: holder)
    }

    /// Extends a term (Redis `PEXPIRE` of the term's key).
    ///
    /// - Parameter ttl: The time from now until the term ends.
    /// - Returns: false if the term has already ended.
    package func renew(epoch: Int64, ttl: Duration) async throws(QueueError) -> Bool {
        let term = RedisArgument.string(keys.term(worker.node, epoch: epoch))
        return try await command(RedisCommand("PEXPIRE", term, .integer(ttl.milliseconds))).integer == 1
    }

    /// Returns the rest of a term (Redis `PTTL` of the term's key); nil if the term has ended.
    ///
    /// This call costs less than ``lead(ttl:)``.
    package func remainder(ofTerm epoch: Int64) async throws(QueueError) -> Duration? {
        let command = RedisCommand("PTTL", .string(keys.term(worker.node, epoch: epoch)))
        guard let left = try await self.command(command).integer, left > 0 else { return nil }
        return .milliseconds(left)
    }

    /// Ends the term, so that another worker of the node leads at once.
    package func resign(epoch: Int64) async throws(QueueError) {
        _ = try await call(
            .resign,
            keys: [keys.leader(worker.node)],
            [
                "node": .string(worker.node.text), "worker": .string(worker.id), "epoch": .string(String(epoch)),
            ]
        )
    }

    /// Renews the liveness key (Redis `GETEX` of `{ns}:liveness`), and asks for messages in inboxes (`EXISTS`).
    package func renewLiveness() async throws(QueueError) -> Liveness {
        let inboxes = options.queues.map { RedisArgument.string(keys.inbox($0)) }
        let answers = try await pipeline([
            RedisCommand("GETEX", .string(keys.liveness), "PX", .integer(options.silence.milliseconds)),
            RedisCommand("EXISTS", arguments: inboxes),
        ])
        if case .error(let error)? = answers.first { throw QueueError(call: "redis", .server(error)) }
        return Liveness(mark: answers[0].string, hasInbox: answers[1].integer ?? 0 > 0)
    }

    package func command(_ command: RedisCommand) async throws(QueueError) -> RedisValue {
        do throws(RedisError) {
            return try await redis.send(command)
        } catch {
            throw QueueError(call: "redis", error)
        }
    }

    /// Sends several commands together. An error reply to a command stays a value.
    package func pipeline(_ commands: [RedisCommand]) async throws(QueueError) -> [RedisValue] {
        do throws(RedisError) {
            return try await redis.pipeline(commands)
        } catch {
            throw QueueError(call: "redis", error)
        }
    }
}
