import JobContract
import JobQueue
import QueueAdmin
import Redis
import Settings
import Terminal

// The commands of operators for queues and dead letters.
extension Actions {
    static func listDeadLetters(
        limit: Int,
        _ output: OutputFormat,
        _ context: CommandContext
    ) async throws(CommandError) {
        let letters = try await withQueue(context) { try await $0.deadLetters(limit: limit) }
        if output == .json {
            for letter in letters { StandardOutput.write(line: JSONNode.strings(fields(letter)).line) }
            return
        }
        for letter in letters {
            StandardOutput.write(line: "\(letter.entry)  \(letter.diedAt)  \(letter.jobID)  \(letter.errorCode)")
            StandardOutput.write(line: "    \(EscapedText.cut(letter.error, to: 200))")
        }
        if letters.isEmpty { StandardOutput.write(line: "there are no dead letters") }
    }

    static func showDeadLetter(
        _ name: String,
        _ output: OutputFormat,
        _ context: CommandContext
    ) async throws(CommandError) {
        let letter = try await withQueue(context) { try await resolve(letter: name, $0) }
        if output == .json { return StandardOutput.write(line: JSONNode.strings(fields(letter)).line) }
        for (name, value) in fields(letter).sorted(by: { $0.key < $1.key }) {
            StandardOutput.write(line: "\(name): \(EscapedText.cut(value, to: 70_000))")
        }
    }

    /// Retries a dead letter. Decodes the message as a worker would, because an invalid message cannot be retried.
    static func retryDeadLetter(
        _ name: String,
        _ output: OutputFormat,
        _ context: CommandContext
    ) async throws(CommandError) {
        let decoder = JobDecoder(signer: try context.settings.signer())
        let letter = try await withQueue(context) { queue in
            let letter = try await resolve(letter: name, queue)
            guard letter.isWhole else {
                throw CommandError.failed(
                    "Redis kept only \(letter.message.count) of the message's \(letter.size) bytes; push the message again"
                )
            }
            let job: Job
            switch decoder.decode(letter.message) {
            case .job(let decoded): job = decoded
            case .rejected(let rejection):
                throw CommandError.failed(
                    "the message is still no job (\(rejection.code.rawValue)): \(rejection.error)"
                )
            }
            switch try await queue.retry(letter, as: job) {
            case .ok: return letter
            case .gone: throw CommandError.failed("\(name) is no longer a dead letter: somebody retried or dropped it")
            case .reused:
                throw CommandError.failed(
                    "the id \(letter.jobID) belongs to another job; push the message under another id, and drop this one"
                )
            case .live: throw CommandError.failed("job \(letter.jobID) runs again already")
            }
        }
        tell("\(letter.jobID) will run again", output, ["job_id": letter.jobID.text, "run": "\(letter.run + 1)"])
    }

    static func dropDeadLetter(
        _ name: String,
        _ output: OutputFormat,
        _ context: CommandContext
    ) async throws(CommandError) {
        let letter = try await withQueue(context) { queue in
            let letter = try await resolve(letter: name, queue)
            guard try await queue.drop(letter) == .ok else {
                throw CommandError.failed("\(name) is no longer a dead letter: somebody retried or dropped it")
            }
            return letter
        }
        tell("\(letter.jobID) is dropped", output, ["job_id": letter.jobID.text, "entry": letter.entry])
    }

    static func dropAllDeadLetters(_ output: OutputFormat, _ context: CommandContext) async throws(CommandError) {
        let count = try await withQueue(context) { try await $0.dropAll() }
        let sentence = ShortCount.text(count, "dead letter is dropped", "dead letters are dropped")
        tell(sentence, output, ["dropped": "\(count)"])
    }

    package static func pause(_ name: String, _ output: OutputFormat, _ context: CommandContext)
        async throws(CommandError)
    {
        let isNew = try await withQueue(context) { try await $0.pause(queue: name) }
        tell(isNew ? "\(name) is paused" : "\(name) was paused already", output, ["queue": name, "state": "paused"])
    }

    package static func resume(_ name: String, _ output: OutputFormat, _ context: CommandContext)
        async throws(CommandError)
    {
        let isNew = try await withQueue(context) { try await $0.resume(queue: name) }
        tell(isNew ? "\(name) is resumed" : "\(name) was not paused", output, ["queue": name, "state": "open"])
    }

    package static func peek(
        _ name: String,
        limit: Int,
        _ output: OutputFormat,
        _ context: CommandContext
    ) async throws(CommandError) {
        let messages = try await withQueue(context) { try await $0.peek(queue: name, limit: limit) }
        for message in messages {
            let fields = fields(message)
            let text = fields["message"] ?? fields["error"] ?? ""
            StandardOutput.write(
                line: output == .json
                    ? JSONNode.strings(fields).line : TerminalText(EscapedText.cut(text, to: 70_000))
            )
        }
        if output == .text, messages.isEmpty { StandardOutput.write(line: "nothing waits in \(name)") }
    }

    private static func fields(_ message: ListedMessage) -> [String: String] {
        switch message {
        case .bytes(let bytes): ["message": String(decoding: bytes, as: UTF8.self)]
        case .tooLarge(let size, let sha1):
            [
                "size": "\(size)", "sha1": sha1,
                "error": "a message of \(size) bytes, which is too large to be a job (sha1 \(sha1))",
            ]
        }
    }

    private static func fields(_ letter: DeadLetter) -> [String: String] {
        [
            "entry": letter.entry, "job_id": letter.jobID.text, "run": "\(letter.run)", "queue": letter.queue,
            "error_code": letter.errorCode, "error": letter.error, "died_at": letter.diedAt, "size": "\(letter.size)",
            "message": String(decoding: letter.message, as: UTF8.self),
        ]
    }

    package static func tell(_ sentence: String, _ output: OutputFormat, _ fields: [String: String]) {
        StandardOutput.write(line: output == .json ? JSONNode.strings(fields).line : TerminalText(sentence))
    }

    /// Calls `body` with a job queue, for a command other than `worker`.
    static func withQueue<Value: Sendable>(
        _ context: CommandContext,
        as identity: WorkerIdentity = WorkerIdentity(id: "", node: "", nonce: ""),
        acceptsReplica: Bool = false,
        _ body: (JobQueue) async throws -> Value
    ) async throws(CommandError) -> Value {
        var configuration = try context.settings.redisConfiguration()
        configuration.acceptsReplica = acceptsReplica
        let logger = context.logger.forCommand
        do {
            return try await RedisClient.withClient(configuration, clientName: "rtmanager-cli", logger: logger) {
                try await body(
                    JobQueue(
                        redis: $0,
                        keys: Keyspace(namespace: context.settings.namespace),
                        worker: identity,
                        options: context.settings.queueOptions()
                    )
                )
            }
        } catch let error as CommandError {
            throw error
        } catch {
            throw outOfReach(error)
        }
    }
}
