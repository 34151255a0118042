import JobContract
import Primitives
import Redis

/// Steps of one container's story, to be published together.
package struct StoryUpdate: Sendable, Equatable {
    package var containerID: String
    package var gameID: GameID
    /// What the caller believes was published last; empty: nothing.
    package var expectedMark: String
    /// What was published last after this; empty: the story has ended.
    package var newMark: String
    package var entries: [LifecycleEvent]

    package init(
        containerID: String,
        gameID: GameID,
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
package enum EmitAnswer: Sendable, Equatable {
    case published
    /// The caller was wrong about what was published last; this is it.
    case conflict(mark: String)
    /// The story has ended before: there is nothing to tell any more.
    case ended
}

/// Another worker leads the node by now: nothing was published.
package struct Fenced: Error, Sendable, Equatable {
    package init() {}
}

/// What a job tells the listener of a container.
package enum ContainerNote: Sendable, Equatable {
    /// It runs; the mark of its run.
    case begun(mark: String)
    /// A job is about to end it; what it says of that, for whoever sees the end.
    case asked(jobID: JobID, intent: String)
    /// Whether that end needed SIGKILL.
    case forced(Bool)
    /// How the last run had ended, before the container is removed.
    case exit(String)

    /// The name and the text of the fact, and for a stop the job that asks.
    fileprivate var argument: (fact: String, text: String, job: JobID?) {
        switch self {
        case .begun(let mark): ("started", mark, nil)
        case .asked(let jobID, let intent): ("stop", intent, jobID)
        case .forced(let isForced): ("forced", isForced ? "1" : "0", nil)
        case .exit(let facts): ("exit", facts, nil)
        }
    }
}

/// What jobs have told of a container, as Redis keeps it.
package struct ContainerNotes: Sendable, Equatable {
    package var begun: String?
    /// What the job said that asked for its end.
    package var asked: String?
    package var isForced: Bool?
    package var exit: String?

    package init(begun: String? = nil, asked: String? = nil, isForced: Bool? = nil, exit: String? = nil) {
        self.begun = begun
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
    package func emit(_ updates: [StoryUpdate], epoch: Int64, cursor: String?) async throws -> [EmitAnswer] {
        let rows = updates.map { update in
            let events = update.entries.map { entry in
                JSONValue.array(entry.fields.flatMap { [.string($0.name), .string($0.value)] })
            }
            return JSONValue(members: [
                "container": .string(update.containerID), "game_id": .string(update.gameID.text),
                "expected": .string(update.expectedMark), "checkpoint": .string(update.newMark),
                "events": .array(events),
            ])
        }
        var answers: [EmitAnswer] = []
        let batches = rows.isEmpty ? [[]] : Array(ArgumentBatches(rows))
        for (index, batch) in batches.enumerated() {
            let reply = try await call(
                .publish,
                keys: [keys.leader(worker.node)],
                [
                    "node": .string(worker.node.text), "worker": .string(worker.id), "epoch": .string(String(epoch)),
                    // The cursor says that everything before is published, so it comes with the last batch.
                    "cursor": index == batches.count - 1 ? cursor.map { .string($0) } : nil, "updates": .array(batch),
                ]
            )
            if reply.string == "fenced" { throw Fenced() }
            guard let words = reply.array?.compactMap(\.string), words.count == batch.count else {
                throw unexpected(.publish, reply)
            }
            answers += words.map { word in
                switch word {
                case "ok": .published
                case "ended": .ended
                default: .conflict(mark: String(word.dropFirst("mark:".count)))
                }
            }
        }
        return answers
    }

    /// Last published mark of each container of the node.
    package func stories() async throws(QueueError) -> [String: String] {
        try await fields(keys.checkpoints(worker.node))
    }

    /// Containers of the node that jobs have started and of which nothing was published, with their marks.
    package func begunContainers() async throws(QueueError) -> [String: String] {
        try await fields(keys.started(worker.node))
    }

    /// Tells the listener of this node something of a container.
    ///
    /// - Returns: for `asked`, what the same job had said of this container before; that stays. Else nil.
    @discardableResult
    package func tell(_ note: ContainerNote, of containerID: String) async throws(QueueError) -> String? {
        let argument = note.argument
        return try await call(
            .report,
            [
                "node": .string(worker.node.text), "container": .string(containerID), "fact": .string(argument.fact),
                "text": .string(argument.text), "job": argument.job.map { .string($0.text) },
            ]
        ).string
    }

    /// What the job said of this container when it asked for its end, while the job lives (Redis `HGET` of `{ns}:job:ID`).
    package func intent(ofJob jobID: JobID, toEnd containerID: String) async throws(QueueError) -> String? {
        let note = try await command(RedisCommand("HGET", .string(keys.job(jobID)), .string(JobRecord.stop))).string
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
            RedisCommand("HMGET", arguments: [.string(keys.started(worker.node))] + ids),
        ])
        guard let told = answers.first?.array, let begun = answers.last?.array, told.count == intents.count,
            begun.count == ids.count
        else { throw QueueError(call: "HMGET", message: "Redis answered something else than values") }
        var notes: [String: ContainerNotes] = [:]
        for (index, id) in containerIDs.enumerated() {
            notes[id] = ContainerNotes(
                begun: begun[index].string,
                asked: told[3 * index].string,
                isForced: told[3 * index + 1].string.map { $0 == "1" },
                exit: told[3 * index + 2].string
            )
        }
        return notes
    }

    /// Games that hold a place on the node.
    package func places() async throws(QueueError) -> Set<GameID> {
        Set(try await scan("SSCAN", keys.reserved(worker.node)).map { GameID($0) })
    }

    /// Frees places of games that have no running container, but where a job of the game runs, and takes those
    /// of games that have one.
    ///
    /// - Throws: ``Fenced`` where another worker leads by now, else ``QueueError``.
    package func correctPlaces(free: [GameID], taken: [GameID], epoch: Int64) async throws {
        guard !free.isEmpty || !taken.isEmpty else { return }
        let answer = try await call(
            .correctReservations,
            keys: [keys.leader(worker.node)],
            [
                "node": .string(worker.node.text), "worker": .string(worker.id), "epoch": .string(String(epoch)),
                "free": .array(free.map { .string($0.text) }), "taken": .array(taken.map { .string($0.text) }),
            ]
        )
        if answer.string == "fenced" { throw Fenced() }
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
