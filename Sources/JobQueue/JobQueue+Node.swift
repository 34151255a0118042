import JobContract
import Redis

/// A game that the node has a container of.
package struct OwnedGame: Sendable, Equatable {
    package var gameID: String
    package var isRunning: Bool

    package init(gameID: String, isRunning: Bool) {
        self.gameID = gameID
        self.isRunning = isRunning
    }
}

/// What Redis answers a candidate for leadership.
package enum LeaseAnswer: Sendable, Equatable {
    /// It leads; `cursor` is the point up to which its predecessors have published, where there were any.
    case granted(epoch: Int64, cursor: String?)
    /// Another leads, in the term of this epoch.
    case held(remaining: Duration, epoch: Int64)
}

extension JobQueue {
    /// Tells that the worker is there, before it looks what its node owns: until that is told, a stop of a game that
    /// nobody is known to own waits.
    package func arrive() async throws(QueueError) {
        let queues = options.queues.map { RedisArgument.string($0) }
        // Names for people: a key of another type there must keep no worker out.
        _ = try await pipeline([RedisCommand("SADD", arguments: [.string(keys.queues)] + queues)])
        _ = try await call(Scripts.join, joinArguments(isComplete: false))
    }

    /// Tells what the node owns. The worker takes no job before it has done so.
    package func join(games: [OwnedGame]) async throws(QueueError) {
        let chunk = 500
        var start = 0
        repeat {
            let end = min(start + chunk, games.count)
            var arguments = joinArguments(isComplete: end == games.count)
            for game in games[start..<end] { arguments += [.string(game.gameID), game.isRunning ? "1" : "0"] }
            _ = try await call(Scripts.join, arguments)
            start = end
        } while start < games.count
    }

    private func joinArguments(isComplete: Bool) -> [RedisArgument] {
        [
            .string(worker.id), .string(worker.node), .integer(options.aliveTime.milliseconds),
            .integer(options.retention.milliseconds), .integer(Int64(options.retentionEntries)),
            .integer(options.nodeGrace.milliseconds), .integer(options.lease.milliseconds),
            .integer(Int64(options.deadBytes)), .integer(options.mostAge?.milliseconds ?? 0), isComplete ? "1" : "0",
        ]
    }

    /// Says that the worker ends: nobody rings it any more.
    package func leave() async throws(QueueError) {
        _ = try await call(Scripts.leave, [.string(worker.id), .string(worker.node)])
    }

    /// Asks for the lease of the node's one listener.
    package func lead(ttl: Duration) async throws(QueueError) -> LeaseAnswer {
        let answer = try await lead("ask", ttl: ttl, epoch: nil)
        guard let parts = answer.array, parts.count == 3, let granted = parts[0].integer,
            let number = parts[1].integer
        else { throw unexpected(Scripts.lead, answer) }
        if granted == 1 {
            return .granted(epoch: number, cursor: parts[2].string.flatMap { $0.isEmpty ? nil : $0 })
        }
        guard let holder = parts[2].integer else { throw unexpected(Scripts.lead, answer) }
        return .held(remaining: .milliseconds(number), epoch: holder)
    }

    /// Makes a term last (Redis `PEXPIRE` of its key).
    ///
    /// - Parameter ttl: from now.
    /// - Returns: false where the term has ended.
    package func renew(epoch: Int64, ttl: Duration) async throws(QueueError) -> Bool {
        let term = RedisArgument.string(keys.term(worker.node, epoch: epoch))
        return try await command(RedisCommand("PEXPIRE", term, .integer(ttl.milliseconds))).integer == 1
    }

    /// How long the term of this epoch still lasts (Redis `PTTL` of its key), which costs less than to ask for the lease;
    /// nil: it has ended.
    package func remainder(ofTerm epoch: Int64) async throws(QueueError) -> Duration? {
        let command = RedisCommand("PTTL", .string(keys.term(worker.node, epoch: epoch)))
        guard let left = try await self.command(command).integer, left > 0 else { return nil }
        return .milliseconds(left)
    }

    /// Gives the lease up, so that another worker of the node takes over at once.
    package func resign(epoch: Int64) async throws(QueueError) {
        _ = try await lead("resign", ttl: .zero, epoch: epoch)
    }

    private func lead(_ verb: RedisArgument, ttl: Duration, epoch: Int64?) async throws(QueueError) -> RedisValue {
        try await call(
            Scripts.lead,
            keys: [keys.leader(worker.node)],
            [
                .string(worker.node), .string(worker.id), verb, .integer(ttl.milliseconds),
                .string(epoch.map(String.init) ?? ""),
            ]
        )
    }

    /// Says that Redis and a worker are there (Redis `GETEX` of `{ns}:awake`).
    ///
    /// - Returns: what stays the same as long as everybody's signs of life have come without a silence, and Redis has its
    ///   data; nil where there was a silence that nobody has noted: the next tick has to be told.
    package func keepAwake() async throws(QueueError) -> String? {
        let command = RedisCommand("GETEX", .string(keys.awake), "PX", .integer(options.silence.milliseconds))
        return try await self.command(command).string
    }

    package func command(_ command: RedisCommand) async throws(QueueError) -> RedisValue {
        do throws(RedisError) {
            return try await redis.send(command)
        } catch {
            throw QueueError(script: "redis", error)
        }
    }

    /// Several commands in one go; a reply that is an error stays a value.
    package func pipeline(_ commands: [RedisCommand]) async throws(QueueError) -> [RedisValue] {
        do throws(RedisError) {
            return try await redis.pipeline(commands)
        } catch {
            throw QueueError(script: "redis", error)
        }
    }
}
