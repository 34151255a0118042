import QueueAdmin
import JobContract
import JobQueue
import Logging
import Pages
import Redis
import RuntimeClient
import Settings
import Terminal

extension Actions {
    /// Puts the job of `request` at the end of its queue and, with `wait`, waits that long for its result and shows
    /// what happens to it.
    package static func enqueue(
        _ request: JobRequest,
        wait: Duration?,
        output: OutputFormat,
        settings: Settings,
        logger: Logger
    ) async throws(CommandError) {
        let keys = try settings.signingKeys()
        let context = CommandContext(settings: settings, logger: logger)
        let outcome: JobResult? = try await withQueue(context) { queue in
            let client = RuntimeClient(
                queue.client,
                namespace: settings.namespace,
                signingKeys: keys,
                logger: logger.forCommand
            )
            // A job that has not ended yet has its id already, too.
            if let sight = try await queue.sight(of: request.id),
                case let known = try accepted(JobResult(fields: sight.fields), request), known.outcome != nil
            {
                logger.forCommand.warning(
                    "a job with this id has ended before; this one is dropped",
                    metadata: ["job": "\(request.id)"]
                )
                return known
            }
            guard let wait else {
                try await client.enqueue(request)
                return nil
            }
            let display = output == .text ? WaitDisplay(game: request.gameID) : nil
            defer { display?.clear() }
            return try await perform(request, within: wait, client, queue, display)
        }
        guard let outcome else {
            return tell("job \(request.id) is queued", output, ["job_id": request.id, "queue": request.queue])
        }
        tell(outcome.sentence, output, outcome.fields)
        guard outcome.succeeded else { throw .failed("the job did not succeed") }
    }

    /// Returns the result if it is of this request, and not of an earlier job with the same id.
    private static func accepted(_ result: JobResult, _ request: JobRequest) throws(CommandError) -> JobResult {
        do throws(ClientError) {
            return try request.accept(result)
        } catch {
            throw .failed("\(error)")
        }
    }

    /// Pushes, and waits for the result, while `display` shows what happens.
    private static func perform(
        _ request: JobRequest,
        within limit: Duration,
        _ client: RuntimeClient,
        _ queue: JobQueue,
        _ display: WaitDisplay?
    ) async throws -> JobResult {
        let start = try await client.lastEntry(of: .results)
        try await client.enqueue(request)
        return try await withThrowingTaskGroup(of: JobResult?.self) { group in
            group.addTask {
                do {
                    let result = try await client.result(of: request.id, after: start, within: limit)
                    return try accepted(result, request)
                } catch ClientError.noResult {
                    throw CommandError.failed("\(ClientError.noResult(within: limit)) (\(client.keys.results))")
                }
            }
            if let display {
                group.addTask {
                    await follow(request, queue, display)
                    return nil
                }
            }
            defer { group.cancelAll() }
            while let answer = try await group.next() { if let answer { return answer } }
            throw ClientError.noResult(within: limit)
        }
    }

    /// Shows the stages of the job until it is cancelled.
    private static func follow(_ request: JobRequest, _ queue: JobQueue, _ display: WaitDisplay) async {
        while !Task.isCancelled {
            do {
                if let sight = try await queue.sight(of: request.id) {
                    display.show(WaitStage(sight))
                } else {
                    let depth = try await queue.depth(of: request.queue)
                    display.show(.queued(waiting: depth.waiting, isPaused: depth.isPaused))
                }
            } catch {
                // The wait itself tells that Redis is away.
            }
            try? await Task.sleep(for: .milliseconds(200))
        }
    }
}

extension Logger {
    /// For commands that people call: what a worker tells of its daily life is of no interest there.
    package var forCommand: Logger {
        var logger = self
        if logger.logLevel == .info || logger.logLevel == .notice { logger.logLevel = .warning }
        return logger
    }
}
extension Duration {
    /// Whole milliseconds, cut.
    package var milliseconds: Int64 { components.seconds * 1_000 + components.attoseconds / 1_000_000_000_000_000 }
}
