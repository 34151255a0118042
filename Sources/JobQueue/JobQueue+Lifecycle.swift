import JobContract
import Redis

/// Steps of one container's story, to be published together.
package struct LifecycleUpdate: Sendable, Equatable {
    package var containerID: String
    package var gameID: GameID
    /// What the caller believes was published last; empty: nothing.
    package var expectedCheckpoint: String
    /// What was published last after this; empty: the story has ended.
    package var newCheckpoint: String
    package var entries: [LifecycleEvent]

    package init(
        containerID: String,
        gameID: GameID,
        expectedCheckpoint: String,
        newCheckpoint: String,
        entries: [LifecycleEvent]
    ) {
        self.containerID = containerID
        self.gameID = gameID
        self.expectedCheckpoint = expectedCheckpoint
        self.newCheckpoint = newCheckpoint
        self.entries = entries
    }
}

/// How a publication went.
package enum EmitResult: Sendable, Equatable {
    case published
    /// The caller was wrong about what was published last; this is it.
    case conflict(checkpoint: String)
    /// The story has ended before: there is nothing to tell any more.
    case ended
}

/// Another worker leads the node by now: nothing was published.
package struct Fenced: Error, Sendable, Equatable {
    package init() {}
}

/// What a job tells the listener of a container.
package enum ContainerNote: Sendable, Equatable {
    /// It runs; the checkpoint of its run.
    case started(checkpoint: String)
    /// A job is about to end it; what it says of that, for whoever sees the end.
    case asked(jobID: JobID, intent: String)
    /// Whether that end needed SIGKILL.
    case forced(Bool)
    /// How the last run had ended, before the container is removed.
    case exit(String)

    fileprivate var words: [RedisArgument] {
        switch self {
        case .started(let checkpoint): ["begun", .string(checkpoint)]
        case .asked(let jobID, let intent): ["asked", .string(intent), .string(jobID.text)]
        case .forced(let isForced): ["forced", isForced ? "1" : "0"]
        case .exit(let facts): ["exit", .string(facts)]
        }
    }
}

/// What jobs have told of a container, as Redis keeps it.
package struct ContainerNotes: Sendable, Equatable {
    package var started: String?
    /// What the job said that asked for its end.
    package var asked: String?
    package var isForced: Bool?
    package var exit: String?

    package init(started: String? = nil, asked: String? = nil, isForced: Bool? = nil, exit: String? = nil) {
        self.started = started
        self.asked = asked
        self.isForced = isForced
        self.exit = exit
    }
}

extension JobQueue {
    /// Publishes steps of stories under `epoch`, each once.
    ///
    /// - Parameter cursor: point of the Engine's clock up to which everything is published with this call.
    /// - Returns: one answer per update.
    /// - Throws: ``Fenced`` where another worker leads by now, else ``QueueError``.
    package func emit(_ updates: [LifecycleUpdate], epoch: Int64, cursor: String?) async throws -> [EmitResult] {
        var arguments = leadArguments(epoch) + [.string(cursor ?? "")]
        for update in updates {
            arguments += [
                .string(update.containerID), .string(update.expectedCheckpoint), .string(update.newCheckpoint),
                .string(update.gameID.text), .integer(Int64(update.entries.count)),
            ]
            for entry in update.entries {
                let fields = entry.fields
                arguments.append(.integer(Int64(fields.count * 2)))
                for field in fields { arguments += [.string(field.name), .string(field.value)] }
            }
        }
        let answer = try await call(Scripts.emit, keys: [keys.leader(worker.node)], arguments)
        if answer.string == "fenced" { throw Fenced() }
        guard let words = answer.array?.compactMap(\.string), words.count == updates.count else {
            throw unexpected(Scripts.emit, answer)
        }
        return words.map { word in
            switch word {
            case "ok": .published
            case "ended": .ended
            default: .conflict(checkpoint: String(word.dropFirst("mark:".count)))
            }
        }
    }

    /// Last published checkpoint of each container of the node.
    package func checkpoints() async throws(QueueError) -> [String: String] {
        try await fields(keys.stories(worker.node))
    }

    /// Containers of the node that jobs have started and of which nothing was published, with their checkpoints.
    package func startedContainers() async throws(QueueError) -> [String: String] {
        try await fields(keys.begun(worker.node))
    }

    /// Tells the listener of this node something of a container.
    ///
    /// - Returns: for `asked`, what the same job had said of this container before; that stays. Else nil.
    @discardableResult
    package func record(_ note: ContainerNote, of containerID: String) async throws(QueueError) -> String? {
        try await call(Scripts.tell, [.string(worker.node.text), .string(containerID)] + note.words).string
    }

    /// What the job said of this container when it asked for its end, while the job lives (Redis `HGET` of `{ns}:job:ID`).
    package func intent(ofJob jobID: JobID, toEnd containerID: String) async throws(QueueError) -> String? {
        let note = try await command(RedisCommand("HGET", .string(keys.job(jobID)), .string(JobRecord.asked))).string
        guard let note, note.hasPrefix(containerID + "\n") else { return nil }
        return String(note.dropFirst(containerID.count + 1))
    }

    /// What jobs have told of these containers.
    package func notes(of containerIDs: [String]) async throws(QueueError) -> [String: ContainerNotes] {
        guard !containerIDs.isEmpty else { return [:] }
        let ids = containerIDs.map { RedisArgument.string($0) }
        let intents = containerIDs.flatMap { ["\($0)", "\($0):forced", "\($0):exit"] }.map { RedisArgument.string($0) }
        let answers = try await pipeline([
            RedisCommand("HMGET", arguments: [.string(keys.intents(worker.node))] + intents),
            RedisCommand("HMGET", arguments: [.string(keys.begun(worker.node))] + ids),
        ])
        guard let told = answers.first?.array, let started = answers.last?.array, told.count == intents.count,
            started.count == ids.count
        else { throw QueueError(call: "HMGET", message: "Redis answered something else than values") }
        var notes: [String: ContainerNotes] = [:]
        for (index, id) in containerIDs.enumerated() {
            notes[id] = ContainerNotes(
                started: started[index].string,
                asked: told[3 * index].string,
                isForced: told[3 * index + 1].string.map { $0 == "1" },
                exit: told[3 * index + 2].string
            )
        }
        return notes
    }

    /// Games that hold a place on the node.
    package func places() async throws(QueueError) -> Set<GameID> {
        Set(try await scan("SSCAN", keys.running(worker.node)).map { GameID($0) })
    }

    /// Frees places of games that have no running container, but where a job of the game runs, and takes those
    /// of games that have one.
    ///
    /// - Throws: ``Fenced`` where another worker leads by now, else ``QueueError``.
    package func correctPlaces(free: [GameID], taken: [GameID], epoch: Int64) async throws {
        guard !free.isEmpty || !taken.isEmpty else { return }
        let arguments = leadArguments(epoch) + [.integer(Int64(free.count))] + (free + taken).map { .string($0.text) }
        let answer = try await call(Scripts.places, keys: [keys.leader(worker.node)], arguments)
        if answer.string == "fenced" { throw Fenced() }
    }

    private func leadArguments(_ epoch: Int64) -> [RedisArgument] {
        [.string(worker.node.text), .string(worker.id), .string(String(epoch))]
    }

    private func fields(_ key: String) async throws(QueueError) -> [String: String] {
        let texts = try await scan("HSCAN", key)
        var fields = [String: String](minimumCapacity: texts.count / 2)
        for index in stride(from: 0, to: texts.count - 1, by: 2) { fields[texts[index]] = texts[index + 1] }
        return fields
    }

    /// All that a key holds, a part at a time: Redis, and the thread that reads its answers, have jobs to do meanwhile. What
    /// changes meanwhile may be told as it was before or is after, or twice.
    private func scan(_ verb: String, _ key: String) async throws(QueueError) -> [String] {
        var texts: [String] = []
        var cursor = "0"
        repeat {
            let answer = try await command(RedisCommand(verb, .string(key), .string(cursor), "COUNT", 100))
            guard let parts = answer.array, parts.count == 2, let next = parts[0].string, let page = parts[1].array
            else { throw QueueError(call: verb, message: "Redis answered something else than a page") }
            texts += page.map { $0.string ?? "" }
            cursor = next
        } while cursor != "0"
        return texts
    }
}
