import JobContract
import Redis

/// A game that the node has a container of.
public struct OwnedGame: Sendable, Equatable {
    public var gameID: String
    public var isRunning: Bool

    public init(gameID: String, isRunning: Bool) {
        self.gameID = gameID
        self.isRunning = isRunning
    }
}

/// What Redis answers a candidate for leadership.
public enum LeaseAnswer: Sendable, Equatable {
    /// It leads; `cursor` is the point up to which its predecessors have published, where there were any.
    case granted(epoch: Int64, cursor: String?)
    /// Another leads, in the term of this epoch, where that is known.
    case held(remaining: Duration, epoch: Int64?)
}

extension JobQueue {
    /// Tells that the worker is there, before it looks what its node owns: until that is told, a stop of a game that
    /// nobody is known to own waits.
    public func arrive() async throws(QueueError) {
        let queues = options.queues.map { RedisArgument.string($0) }
        _ = try await command(RedisCommand("SADD", arguments: [.string(keys.queues)] + queues))
        _ = try await call(Scripts.join, joinArguments(isComplete: false))
    }

    /// Tells what the node owns. The worker takes no job before it has done so.
    public func join(games: [OwnedGame]) async throws(QueueError) {
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
            .integer(options.nodeGrace.milliseconds), .integer(options.lease.milliseconds), isComplete ? "1" : "0",
        ]
    }

    /// Says that the worker ends: nobody rings it any more.
    public func leave() async throws(QueueError) {
        _ = try await call(Scripts.leave, [.string(worker.id), .string(worker.node)])
    }

    /// Asks for the lease of the node's one listener, or for more of it.
    ///
    /// - Parameter epoch: of the term that is renewed (Redis `PEXPIRE` of its key); nil: a new term is asked for.
    public func lead(ttl: Duration, epoch: Int64?) async throws(QueueError) -> LeaseAnswer {
        if let epoch {
            return try await prolong(keys.term(worker.node, epoch: epoch), by: ttl)
                ? .granted(epoch: epoch, cursor: nil) : .held(remaining: .zero, epoch: nil)
        }
        let answer = try await lead("ask", ttl: ttl, epoch: nil)
        guard let parts = answer.array, parts.count >= 2, let granted = parts[0].integer,
            let number = parts[1].integer
        else { throw unexpected(Scripts.lead, answer) }
        let cursor = parts.count > 2 ? parts[2].string : nil
        guard granted == 1 else {
            return .held(remaining: .milliseconds(number), epoch: cursor.flatMap { Int64($0) })
        }
        return .granted(epoch: number, cursor: cursor.flatMap { $0.isEmpty ? nil : $0 })
    }

    /// How long the term of this epoch still lasts (Redis `PTTL` of its key), which costs less than to ask for the lease;
    /// nil: it has ended.
    public func remainder(ofTerm epoch: Int64) async throws(QueueError) -> Duration? {
        let command = RedisCommand("PTTL", .string(keys.term(worker.node, epoch: epoch)))
        guard let left = try await self.command(command).integer, left > 0 else { return nil }
        return .milliseconds(left)
    }

    /// Gives the lease up, so that another worker of the node takes over at once.
    public func resign(epoch: Int64) async throws(QueueError) {
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

    /// Says that Redis and a worker are there (Redis `PEXPIRE` of `{ns}:awake`).
    ///
    /// - Returns: false where nobody had said so for ``JobQueueOptions/silence``: the next tick has to be told.
    public func keepAwake() async throws(QueueError) -> Bool {
        try await prolong(keys.awake, by: options.silence)
    }

    /// Answers whether the key is there.
    private func prolong(_ key: String, by time: Duration) async throws(QueueError) -> Bool {
        let command = RedisCommand("PEXPIRE", .string(key), .integer(time.milliseconds))
        return try await self.command(command).integer == 1
    }

    func command(_ command: RedisCommand) async throws(QueueError) -> RedisValue {
        do throws(RedisError) {
            return try await redis.send(command)
        } catch {
            throw QueueError(script: "redis", error)
        }
    }

    /// Several commands in one go; a reply that is an error stays a value.
    func pipeline(_ commands: [RedisCommand]) async throws(QueueError) -> [RedisValue] {
        do throws(RedisError) {
            return try await redis.pipeline(commands)
        } catch {
            throw QueueError(script: "redis", error)
        }
    }
}
