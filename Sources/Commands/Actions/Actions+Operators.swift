import JobContract
import JobQueue
import Pages
import QueueAdmin
import Redis
import Settings
import Terminal

// The commands of operators for queues and dead letters.
extension Actions {
    static func listDeadLetters(
        _ filter: JobFilter,
        since: AgeArgument?,
        limit: Int,
        _ output: OutputFormat,
        _ context: CommandContext
    ) async throws(CommandError) {
        let decoder = JobDecoder(signer: try context.settings.signer())
        let (list, codes) = try await withUsedQueue(context) { queue in
            // A key of a wrong type is an error here, and hides nothing else.
            _ = try await queue.deadLetters(limit: 1)
            var filter = filter
            if let since { filter.since = try await queue.redisTime() - since.milliseconds }
            let list = try await queue.jobs(filter, limit: limit, decoder: decoder)
            return (list, list.jobs.isEmpty ? try await letterCodes(queue) : [])
        }
        if output == .json {
            for case .dead(let letter) in list.jobs.map(\.source) {
                StandardOutput.write(line: JSONNode.strings(fields(letter)).line)
            }
            return
        }
        for line in JobListPage(list).deadLines(on: .standardOutput) { StandardOutput.write(line: line) }
        if list.jobs.isEmpty { StandardOutput.write(line: TerminalText(noLetter(codes: codes))) }
    }

    static func showDeadLetter(
        _ name: String,
        _ output: OutputFormat,
        _ context: CommandContext
    ) async throws(CommandError) {
        let letter = try await withUsedQueue(context) { try await resolve(letter: name, $0) }
        if output == .json { return StandardOutput.write(line: JSONNode.strings(fields(letter)).line) }
        for (name, value) in fields(letter).sorted(by: { $0.key < $1.key }) {
            StandardOutput.write(line: "\(name): \(EscapedText.cut(value, to: 70_000))")
        }
    }

    /// Pauses a queue. A queue that nobody knows is probably a mistyped one.
    package static func pause(
        _ name: String,
        isForced: Bool = false,
        _ output: OutputFormat,
        _ context: CommandContext
    ) async throws(CommandError) {
        let change = ServiceChange.pause(queue: name)
        let isNew = try await withUsedQueue(context) { queue in
            if !isForced { try await requireKnown(name, queue) }
            return try await audited(change, queue, context)
        }
        tell(change.sentence(isNew: isNew), output, ["queue": name, "state": "paused"])
    }

    private static func requireKnown(_ name: String, _ queue: JobQueue) async throws {
        let known = Set(try await queue.knownQueues() + queue.pausedQueues())
        guard !known.contains(name), try await queue.depth(of: name).waiting == 0 else { return }
        let names = known.isEmpty ? "none" : known.sorted().prefix(10).joined(separator: ", ")
        throw CommandError.failed(
            "no worker has ever served queue \(name), and nothing waits in it; known queues: \(names). "
                + "--force pauses it all the same"
        )
    }

    package static func resume(_ name: String, _ output: OutputFormat, _ context: CommandContext)
        async throws(CommandError)
    {
        let change = ServiceChange.resume(queue: name)
        let isNew = try await withUsedQueue(context) { try await audited(change, $0, context) }
        tell(change.sentence(isNew: isNew), output, ["queue": name, "state": "open"])
    }

    package static func peek(
        _ name: String,
        limit: Int,
        _ output: OutputFormat,
        _ context: CommandContext
    ) async throws(CommandError) {
        let messages = try await withUsedQueue(context) { try await $0.peek(queue: name, limit: limit) }
        for message in messages {
            let fields = fields(message)
            let text = fields["message"] ?? fields["error"] ?? ""
            StandardOutput.write(
                line: output == .json
                    ? JSONNode.strings(fields).line : TerminalText(EscapedText.cut(text, to: 70_000))
            )
        }
        let word = ShellWord.quoted(name)
        if output == .text, messages.isEmpty {
            StandardOutput.write(
                line: "no message waits in \(name); jobs that workers have taken in: rtmanager jobs --queue \(word)"
            )
        }
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

    /// Calls `body` with a job queue of a namespace in use, for a command that reads or changes what is there.
    static func withUsedQueue<Value: Sendable>(
        _ context: CommandContext,
        _ body: (JobQueue) async throws -> Value
    ) async throws(CommandError) -> Value {
        try await withQueue(context) { queue in
            try await requireData(queue, context)
            return try await body(queue)
        }
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
        configuration.failsIfRefused = true
        let logger = context.logger.forCommand
        do {
            return try await RedisClient.withClient(configuration, clientName: "rtmanager-cli", logger: logger) {
                let queue = JobQueue(
                    redis: $0,
                    keys: Keyspace(namespace: context.settings.namespace),
                    worker: identity,
                    options: context.settings.queueOptions()
                )
                do {
                    return try await body(queue)
                } catch  where "\(error)".contains("NOPERM") {
                    // A refused key is often a key of a wrong namespace.
                    guard try await queue.namespaceState() == .forbidden else { throw error }
                    throw await forbiddenNamespace(queue)
                }
            }
        } catch let error as CommandError {
            throw error
        } catch {
            throw outOfReach(error)
        }
    }
}
