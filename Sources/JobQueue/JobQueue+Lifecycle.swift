import JobContract
import Primitives
import Redis

/// Steps of a container to publish together.
package struct LifecycleUpdate: Sendable, Equatable {
    package var containerID: ContainerID
    package var gameID: GameID
    /// The last published checkpoint according to the caller; empty without a published step.
    package var expectedCheckpoint: String
    /// The checkpoint after the steps; empty after the end of the lifecycle.
    package var newCheckpoint: String
    package var entries: [LifecycleEvent]
    /// URL of the game engine in the container; nil if the container is gone.
    package var engineEndpoint: String?
    /// The limits of the container; nil if the container is gone.
    package var demand: Demand?
    /// The published port of the game engine; nil if no port is published.
    package var port: Int?

    package init(
        containerID: ContainerID,
        gameID: GameID,
        expectedCheckpoint: String,
        newCheckpoint: String,
        entries: [LifecycleEvent],
        engineEndpoint: String? = nil,
        demand: Demand? = nil,
        port: Int? = nil
    ) {
        self.containerID = containerID
        self.gameID = gameID
        self.expectedCheckpoint = expectedCheckpoint
        self.newCheckpoint = newCheckpoint
        self.entries = entries
        self.engineEndpoint = engineEndpoint
        self.demand = demand
        self.port = port
    }
}

/// The result of an update.
package enum EmitResult: Sendable, Equatable {
    case published
    /// Redis has another checkpoint than the caller expected. Nothing was published.
    case conflict(checkpoint: String)
    /// The lifecycle has ended before. Nothing was published.
    case ended
}

/// Another worker leads the node. Nothing was published.
package struct Fenced: Error, Sendable, Equatable {
    package init() {}
}

/// A job's note about a container, for the leader of the node.
package enum ContainerNote: Sendable, Equatable {
    /// The container runs. The checkpoint is that of the run.
    case started(checkpoint: String)
    /// A job is about to end the container.
    case asked(jobID: JobID, intent: String)
    /// Whether that end needed SIGKILL.
    case forced(Bool)
    /// The end of the last run. Recorded before the container's removal.
    case exit(String)

    /// The name and the text of the fact, and for a stop the job that asks.
    fileprivate var argument: (fact: String, text: String, job: JobID?) {
        switch self {
        case .started(let checkpoint): ("started", checkpoint, nil)
        case .asked(let jobID, let intent): ("stop", intent, jobID)
        case .forced(let isForced): ("forced", isForced ? "1" : "0", nil)
        case .exit(let facts): ("exit", facts, nil)
        }
    }
}

/// The notes of jobs about a container, encoded as in Redis.
package struct ContainerNotes: Sendable, Equatable {
    package var started: String?
    /// The note of the job that asked for the container's end.
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
    /// Publishes steps of containers in the term of `epoch`, each step once.
    ///
    /// - Parameter cursor: The time on Docker's clock up to which all events are published after this call.
    /// - Returns: A result for each update.
    /// - Throws: ``Fenced`` if another worker leads, else ``QueueError``.
    package func publish(_ updates: [LifecycleUpdate], epoch: Int64, cursor: String?) async throws -> [EmitResult] {
        let rows = updates.map { update in
            let events = update.entries.map { entry in
                JSONValue.array(entry.fields.flatMap { [.string($0.name), .string($0.value)] })
            }
            let demand = update.demand ?? options.defaultDemand
            return JSONValue(members: [
                "container": .string(update.containerID.text), "game_id": .string(update.gameID.text),
                "cpu": .integer(demand.cpu), "memory": .integer(demand.memory),
                "port": update.port.map { JSONValue($0) },
                "expected": .string(update.expectedCheckpoint), "checkpoint": .string(update.newCheckpoint),
                "events": .array(events), "endpoint": update.engineEndpoint.map { .string($0) },
            ])
        }
        var answers: [EmitResult] = []
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
                default: .conflict(checkpoint: String(word.dropFirst("mark:".count)))
                }
            }
        }
        return answers
    }

    /// Returns the last published checkpoint of each container of the node.
    package func checkpoints() async throws(QueueError) -> [ContainerID: String] {
        try await fields(keys.checkpoints(worker.node))
    }

    /// Returns the containers of the node with a start recorded by a job, but without a published step. The values are
    /// the checkpoints of the starts.
    package func startedContainers() async throws(QueueError) -> [ContainerID: String] {
        try await fields(keys.started(worker.node))
    }

    /// Records a note about a container, for the leader of this node.
    ///
    /// - Returns: For `asked`, the earlier note of the same job about this container, which stays. Otherwise nil.
    @discardableResult
    package func record(_ note: ContainerNote, of containerID: ContainerID) async throws(QueueError) -> String? {
        let argument = note.argument
        return try await call(
            .report,
            [
                "node": .string(worker.node.text), "container": .string(containerID.text),
                "fact": .string(argument.fact), "text": .string(argument.text),
                "job": argument.job.map { .string($0.text) },
            ]
        ).string
    }

    /// Returns the job's `asked` note about this container, as long as the job lives (Redis `HGET` of `{ns}:job:ID`).
    package func intent(ofJob jobID: JobID, toEnd containerID: ContainerID) async throws(QueueError) -> String? {
        let note = try await command(RedisCommand("HGET", .string(keys.job(jobID)), .string(JobRecord.stop))).string
        guard let note, note.hasPrefix(containerID.text + "\n") else { return nil }
        return String(note.dropFirst(containerID.text.count + 1))
    }

    /// Returns the notes of jobs about these containers.
    package func notes(of containerIDs: [ContainerID]) async throws(QueueError) -> [ContainerID: ContainerNotes] {
        guard !containerIDs.isEmpty else { return [:] }
        let ids = containerIDs.map { RedisArgument.string($0.text) }
        let intents = containerIDs.flatMap { ["\($0)", "\($0):forced", "\($0):exit"] }.map { RedisArgument.string($0) }
        let answers = try await pipeline([
            RedisCommand("HMGET", arguments: [.string(keys.intents(worker.node))] + intents),
            RedisCommand("HMGET", arguments: [.string(keys.started(worker.node))] + ids),
        ])
        guard let noted = answers.first?.array, let started = answers.last?.array, noted.count == intents.count,
            started.count == ids.count
        else { throw QueueError(call: "HMGET", message: "the reply of Redis has no values") }
        var notes: [ContainerID: ContainerNotes] = [:]
        for (index, id) in containerIDs.enumerated() {
            notes[id] = ContainerNotes(
                started: started[index].string,
                asked: noted[3 * index].string,
                isForced: noted[3 * index + 1].string.map { $0 == "1" },
                exit: noted[3 * index + 2].string
            )
        }
        return notes
    }

    /// Returns the reservations of games on the node. A reservation that cannot be read counts as nothing.
    package func reservations() async throws(QueueError) -> [GameID: NodeReservation] {
        let texts = try await scan("HSCAN", keys.reservations(worker.node))
        var found: [GameID: NodeReservation] = [:]
        for index in stride(from: 0, to: texts.count - 1, by: 2) {
            found[GameID(texts[index])] =
                NodeReservation(texts[index + 1]) ?? NodeReservation(demand: Demand(cpu: 0, memory: 0))
        }
        return found
    }

    /// Corrects the reservations of the node. A game with a running job keeps its reservation.
    ///
    /// - Parameters:
    ///   - free: Games without a running container.
    ///   - taken: Games with a running container, and its limits.
    /// - Throws: ``Fenced`` if another worker leads, else ``QueueError``.
    package func correctReservations(free: [GameID], taken: [GameID: RunningGame], epoch: Int64) async throws {
        guard !free.isEmpty || !taken.isEmpty else { return }
        let rows = taken.sorted { $0.key < $1.key }.map { game, running in
            JSONValue(members: [
                "id": .string(game.text), "cpu": .integer(running.demand.cpu),
                "memory": .integer(running.demand.memory), "container": .string(running.containerID.text),
                "port": running.port.map { JSONValue($0) },
            ])
        }
        let answer = try await call(
            .correctReservations,
            keys: [keys.leader(worker.node)],
            [
                "node": .string(worker.node.text), "worker": .string(worker.id), "epoch": .string(String(epoch)),
                "free": .array(free.map { .string($0.text) }), "taken": .array(rows),
            ]
        )
        if answer.string == "fenced" { throw Fenced() }
    }

    private func fields(_ key: String) async throws(QueueError) -> [ContainerID: String] {
        let texts = try await scan("HSCAN", key)
        var fields = [ContainerID: String](minimumCapacity: texts.count / 2)
        for index in stride(from: 0, to: texts.count - 1, by: 2) {
            fields[ContainerID(texts[index])] = texts[index + 1]
        }
        return fields
    }

    /// Returns all elements of a key. Reads the key in pages, so that Redis and this thread can do other work meanwhile. An
    /// element changed meanwhile may have the old or the new value, or come twice.
    private func scan(_ verb: String, _ key: String) async throws(QueueError) -> [String] {
        var texts: [String] = []
        var cursor = "0"
        repeat {
            let answer = try await command(RedisCommand(verb, .string(key), .string(cursor), "COUNT", 100))
            guard let parts = answer.array, parts.count == 2, let next = parts[0].string, let page = parts[1].array
            else { throw QueueError(call: verb, message: "the reply of Redis has no page") }
            texts += page.map { $0.string ?? "" }
            cursor = next
        } while cursor != "0"
        return texts
    }
}
