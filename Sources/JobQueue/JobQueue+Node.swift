public import JobContract
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
    case held(remaining: Duration)
}

/// Steps of one container's story, to be published together.
public struct StoryUpdate: Sendable, Equatable {
    public var containerID: String
    public var gameID: String
    /// What the caller believes was published last; empty: nothing.
    public var expectedMark: String
    /// What was published last after this; empty: the story has ended.
    public var newMark: String
    public var entries: [LifecycleEvent]

    public init(
        containerID: String,
        gameID: String,
        expectedMark: String,
        newMark: String,
        entries: [LifecycleEvent]
    ) {
        self.containerID = containerID
        self.gameID = gameID
        self.expectedMark = expectedMark
        self.newMark = newMark
        self.entries = entries
    }
}

/// How a publication went.
public enum EmitAnswer: Sendable, Equatable {
    case published
    /// The caller was wrong about what was published last; this is it.
    case conflict(mark: String)
}

/// Another worker leads the node by now: nothing was published.
public struct Fenced: Error, Sendable, Equatable {
    public init() {}
}

extension JobQueue {
    /// Tells that the worker is there, before it looks what its node owns: until that is told, a stop of a game that
    /// nobody is known to own waits.
    public func arrive() async throws(QueueError) {
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
            .string(worker.id), .string(worker.node), .integer((options.lease * 2).milliseconds),
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
    /// - Parameter epoch: of the term that is renewed; nil: a new term is asked for.
    public func lead(ttl: Duration, epoch: Int64?) async throws(QueueError) -> LeaseAnswer {
        let answer = try await lead("ask", ttl: ttl, epoch: epoch)
        guard let parts = answer.array, parts.count >= 2, let granted = parts[0].integer else {
            throw unexpected(Scripts.lead, answer)
        }
        guard let number = parts[1].integer else { throw unexpected(Scripts.lead, answer) }
        guard granted == 1 else { return .held(remaining: .milliseconds(number)) }
        let cursor = parts.count > 2 ? parts[2].string : nil
        return .granted(epoch: number, cursor: cursor.flatMap { $0.isEmpty ? nil : $0 })
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

    /// Publishes steps of stories under `epoch`, each once.
    ///
    /// - Parameter cursor: point of the Engine's clock up to which everything is published with this call.
    /// - Returns: one answer per update; nil where another worker leads by now.
    public func emit(
        _ updates: [StoryUpdate],
        epoch: Int64,
        cursor: String?
    ) async throws(QueueError) -> [EmitAnswer]? {
        var arguments: [RedisArgument] = [
            .string(worker.node), .string(worker.id), .string(String(epoch)), .string(cursor ?? ""),
        ]
        for update in updates {
            arguments += [
                .string(update.containerID), .string(update.expectedMark), .string(update.newMark),
                .string(update.gameID), .integer(Int64(update.entries.count)),
            ]
            for entry in update.entries {
                let fields = entry.fields
                arguments.append(.integer(Int64(fields.count * 2)))
                for field in fields { arguments += [.string(field.name), .string(field.value)] }
            }
        }
        let answer = try await call(Scripts.emit, keys: [keys.leader(worker.node)], arguments)
        if answer.string == "fenced" { return nil }
        guard let words = answer.array?.compactMap(\.string), words.count == updates.count else {
            throw unexpected(Scripts.emit, answer)
        }
        return words.map { $0 == "ok" ? .published : .conflict(mark: String($0.dropFirst("mark:".count))) }
    }

    /// Last published mark of each container of the node.
    public func stories() async throws(QueueError) -> [String: String] {
        let answer = try await command(RedisCommand("HGETALL", .string(keys.stories(worker.node))))
        var marks: [String: String] = [:]
        let texts = (answer.array ?? []).map { $0.string ?? "" }
        for index in stride(from: 0, to: texts.count - 1, by: 2) { marks[texts[index]] = texts[index + 1] }
        return marks
    }

    /// Records that a job asks this container to end, before the Engine is told to.
    public func recordIntent(containerID: String, jobID: String) async throws(QueueError) {
        _ = try await command(
            RedisCommand("HSET", .string(keys.intents(worker.node)), .string(containerID), .string(jobID))
        )
    }

    /// Which of these containers a job has asked to end.
    public func intents(containerIDs: [String]) async throws(QueueError) -> Set<String> {
        guard !containerIDs.isEmpty else { return [] }
        let arguments = [.string(keys.intents(worker.node))] + containerIDs.map { RedisArgument.string($0) }
        let answer = try await command(RedisCommand("HMGET", arguments: arguments))
        let values = answer.array ?? []
        return Set(zip(containerIDs, values).filter { !$0.1.isNull }.map(\.0))
    }

    func command(_ command: RedisCommand) async throws(QueueError) -> RedisValue {
        do throws(RedisError) {
            return try await redis.send(command)
        } catch {
            throw QueueError(script: "redis", error)
        }
    }
}
