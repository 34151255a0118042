import JobContract
import Logging
import Redis

extension Actions {
    /// Puts the job of `request` at the end of its queue and, with `wait`, waits that long for its result.
    static func enqueue(
        _ request: JobRequest,
        wait: Duration?,
        output: OutputFormat,
        settings: Settings,
        logger: Logger
    ) async throws(CommandError) {
        let configuration = try redisConfiguration(settings)
        let logger = logger.forCommand
        let message = try signed(try request.message(), settings)
        let keys = Keyspace(namespace: settings.namespace)
        let outcome: JobResult?
        do {
            outcome = try await RedisClient.withClient(configuration, clientName: "rtmanager-cli", logger: logger) {
                client in
                let results = ResultReader(client, keys: keys, logger: logger)
                let start = try await results.end()
                if let known = try await results.record(of: request.id) {
                    logger.warning(
                        "a job with this id has ended before; this one is dropped",
                        metadata: ["job": "\(request.id)"]
                    )
                    return known
                }
                let queue = RedisArgument.string(keys.queue(request.queue))
                _ = try await client.send(RedisCommand("LPUSH", queue, .string(message)))
                guard let wait else { return nil }
                return try await results.result(of: request.id, after: start, within: wait)
            }
        } catch let error as CommandError {
            throw error
        } catch {
            throw outOfReach(error)
        }
        guard let outcome else {
            let fields = ["job_id": request.id, "queue": request.queue]
            return print(output, text: "job \(request.id) is queued", fields)
        }
        print(output, text: outcome.sentence, outcome.fields)
        guard outcome.succeeded else { throw .failed("the job did not succeed") }
    }

    /// The message as it is pushed: in a signed envelope where there is a signing key.
    private static func signed(_ message: String, _ settings: Settings) throws(CommandError) -> String {
        guard let key = try signingKey(settings) else { return message }
        return JobEnvelope.sign(message, key: key)
    }

    private static func print(_ output: OutputFormat, text: String, _ fields: [String: String]) {
        StandardOutput.write(line: output == .json ? JobContract.JSONText.object(fields) : text)
    }
}

extension Logger {
    /// For commands that people call: what a worker tells of its daily life is of no interest there.
    var forCommand: Logger {
        var logger = self
        if logger.logLevel == .info || logger.logLevel == .notice { logger.logLevel = .warning }
        return logger
    }
}

/// Reads the stream of results.
struct ResultReader: Sendable {
    private let client: RedisClient
    private let keys: Keyspace
    private let logger: Logger

    init(_ client: RedisClient, keys: Keyspace, logger: Logger) {
        self.client = client
        self.keys = keys
        self.logger = logger
    }

    /// Id of the last entry.
    func end() async throws -> String {
        let last = try await client.send(RedisCommand("XREVRANGE", .string(keys.results), "+", "-", "COUNT", 1))
        return last.array?.first?.array?.first?.string ?? "0-0"
    }

    /// The record of a job that has ended; nil where it has not, or is not known.
    func record(of id: String) async throws -> JobResult? {
        let answer = try await client.send(RedisCommand("HGETALL", .string(keys.job(id))))
        let record = JobResult(pairs: (answer.array ?? []).map { $0.string ?? "" })
        return record.outcome == nil ? nil : record
    }

    /// Waits for the result of a job that comes after the entry `start`.
    func result(of id: String, after start: String, within limit: Duration) async throws -> JobResult {
        let connection = RedisBlockingConnection(client.configuration, clientName: "rtmanager-wait", logger: logger)
        let clock = ContinuousClock()
        let end = clock.now.advanced(by: limit)
        var position = start
        while clock.now < end {
            let pause = min(clock.now.duration(to: end), .seconds(2))
            let command = RedisCommand(
                "XREAD",
                "COUNT",
                256,
                "BLOCK",
                .integer(max(1, pause.milliseconds)),
                "STREAMS",
                .string(keys.results),
                .string(position)
            )
            do throws(RedisError) {
                let answer = try await connection.send(command, serverTimeout: pause)
                for entry in answer.array?.first?.array?.last?.array ?? [] {
                    guard let parts = entry.array, let entryID = parts.first?.string else { continue }
                    position = entryID
                    let result = JobResult(pairs: (parts.last?.array ?? []).map { $0.string ?? "" })
                    if result.jobID == id {
                        await connection.close()
                        return result
                    }
                }
            } catch {
                logger.warning("waiting for Redis to come back", metadata: ["error": "\(error)"])
                try await Task.sleep(for: .milliseconds(500))
            }
            // The entry may have been trimmed before it was read.
            if let record = try await record(of: id) { return record }
        }
        throw CommandError.failed(
            "there is no result within \(limit); the job goes on, and its result will be in \(keys.results)"
        )
    }
}

extension JobResult {
    /// The result in one line for a person.
    var sentence: String {
        let game = gameID ?? "?"
        switch outcome {
        case .succeeded:
            let effect = (effect?.rawValue ?? "done").replacing("_", with: " ")
            let container = containerID.map { ", container \($0.prefix(12))" } ?? ""
            let endpoint = engineEndpoint.map { " at \($0)" } ?? ""
            let forced = fields["forced"] == "true" ? " (SIGKILL was needed)" : ""
            return "\(game): \(effect)\(container)\(endpoint)\(forced)"
        default:
            let code = errorCode.map { " \($0)" } ?? ""
            return "\(game): \(outcome?.rawValue ?? "unknown")\(code): \(error ?? "no reason was given")"
        }
    }
}

extension Duration {
    /// Whole milliseconds, cut.
    var milliseconds: Int64 { components.seconds * 1_000 + components.attoseconds / 1_000_000_000_000_000 }
}
