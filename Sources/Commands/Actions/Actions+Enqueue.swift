import JobContract
import JobQueue
import Logging
import Pages
import Primitives
import QueueAdmin
import Redis
import RuntimeClient
import Settings
import Terminal

extension Actions {
    /// Pushes the job of `request` to its queue.
    ///
    /// With `wait`, the command shows the job's stages and waits for the result, up to this duration. If a job with the
    /// same id has ended before, the command pushes nothing and shows the earlier result.
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
            // A live job has a record, too. Only an ended job has an outcome.
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
            let result = try await untilSignal {
                try await perform(request, within: wait, client, queue, display)
            }
            if let result { return result }
            display?.clear()
            throw CommandError.interrupted("interrupted; the job goes on: rtmanager job \(request.id)")
        }
        guard let outcome else {
            return tell("job \(request.id) is queued", output, ["job_id": request.id.text, "queue": request.queue])
        }
        tell(outcome.sentence, output, outcome.fields)
        guard outcome.succeeded else { throw .failed("the job did not succeed") }
    }

    /// Returns `result`. Throws if the result belongs to an earlier job with the same id.
    private static func accepted(_ result: JobResult, _ request: JobRequest) throws(CommandError) -> JobResult {
        do throws(ClientError) {
            return try request.accept(result)
        } catch {
            throw .failed("\(error)")
        }
    }

    /// Pushes the job and waits for the result, while `display` shows the stages.
    private static func perform(
        _ request: JobRequest,
        within limit: Duration,
        _ client: RuntimeClient,
        _ queue: JobQueue,
        _ display: WaitDisplay?
    ) async throws -> JobResult {
        let start = try await client.lastEntry(of: .results)
        try await client.enqueue(request)
        display?.name(request.id)
        return try await withThrowingTaskGroup(of: JobResult?.self) { group in
            group.addTask {
                do {
                    let result = try await client.result(of: request.id, after: start, within: limit)
                    return try accepted(result, request)
                } catch ClientError.noResult {
                    throw CommandError.failed(
                        "there is no result within \(limit.shortText); the job goes on: rtmanager job \(request.id)"
                    )
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

    /// Shows the stages of the job until the task is cancelled.
    private static func follow(_ request: JobRequest, _ queue: JobQueue, _ display: WaitDisplay) async {
        while !Task.isCancelled {
            do {
                if let sight = try await queue.sight(of: request.id) {
                    display.show(WaitStage(sight))
                } else {
                    let (state, isWindowFull) = try await queue.state(of: request.queue)
                    display.show(
                        .queued(
                            waiting: state.waiting,
                            .ofQueuedJob(state, isWindowFull: isWindowFull && request.kind.startsGame)
                        )
                    )
                }
            } catch {
                // The wait for the result reports an unreachable Redis.
            }
            try? await Task.sleep(for: .milliseconds(200))
        }
    }
}

extension Logger {
    /// The logger for commands of a person, without a worker's routine messages.
    package var forCommand: Logger {
        var logger = self
        if logger.logLevel == .info || logger.logLevel == .notice { logger.logLevel = .warning }
        return logger
    }
}
