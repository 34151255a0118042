import JobContract
import JobQueue
import Pages
import QueueAdmin
import RuntimeClient
import Settings
import Terminal

// The commands that list jobs, queues and workers, and the page of a game.
extension Actions {
    static func listJobs(
        _ choice: JobFilterFlags,
        part: JobListPart,
        limit: Int,
        _ output: OutputFormat,
        _ context: CommandContext
    ) async throws(CommandError) {
        let decoder = JobDecoder(signer: try context.settings.signer())
        let list = try await withUsedQueue(context) { queue in
            let node: NodeID? = if let name = choice.node { try await resolve(node: name, queue) } else { nil }
            let filter = choice.filter(node: node, now: try await queue.redisTime())
            return try await queue.jobs(filter, part: part, limit: limit, decoder: decoder)
        }
        if output == .json {
            for job in list.jobs { StandardOutput.write(line: JobListPage.json(job).line) }
            return
        }
        if list.jobs.isEmpty { StandardOutput.write(line: "no job matches: nothing retries, runs, waits or is dead") }
        for line in JobListPage(list).lines(on: .standardOutput) { StandardOutput.write(line: line) }
    }

    static func showGame(
        _ game: GameID,
        limit: Int,
        _ output: OutputFormat,
        _ context: CommandContext
    ) async throws(CommandError) {
        let decoder = JobDecoder(signer: try context.settings.signer())
        let page = try await withUsedQueue(context) { queue in
            try await GamePage.read(game, queue, client(queue, context), decoder, shown: limit)
        }
        guard page.isKnown else { throw unknownGame(game, searched: GamePage.mostSearched) }
        if output == .json { return StandardOutput.write(line: page.json.line) }
        for line in page.lines(on: .standardOutput) { StandardOutput.write(line: line) }
    }

    static func listQueues(_ output: OutputFormat, _ context: CommandContext) async throws(CommandError) {
        let pushedAt = try pushTimes(context.settings)
        let overview = try await withUsedQueue(context) { try await $0.queueOverviews(pushedAt: pushedAt) }
        if output == .json {
            for queue in overview.queues { StandardOutput.write(line: queue.json.line) }
            return
        }
        let page = StatusPage(title: "", overview: overview)
        let lines = page.queueLines(on: .standardOutput)
        for line in lines { StandardOutput.write(line: line) }
        if lines.isEmpty { StandardOutput.write(line: "no worker of this namespace has ever served a queue") }
    }

    static func listWorkers(limit: Int, _ output: OutputFormat, _ context: CommandContext) async throws(CommandError) {
        let list = try await withUsedQueue(context) { try await $0.workers(limit: limit) }
        if output == .json {
            for worker in list.workers { StandardOutput.write(line: WorkerTable.json(worker, now: list.now).line) }
            return
        }
        let lines = WorkerTable.table(list).lines(on: .standardOutput, things: "workers")
        for line in lines { StandardOutput.write(line: line) }
        if lines.isEmpty { StandardOutput.write(line: "no worker lives, and none has died in the last ten minutes") }
    }

    static func listAudit(
        _ part: StreamPart,
        limit: Int,
        _ output: OutputFormat,
        _ context: CommandContext
    ) async throws(CommandError) {
        let (page, now) = try await withUsedQueue(context) { queue in
            // One more entry says whether there are more.
            let entries = try await queue.auditEntries(limit: limit + 1, part: part)
            return (AuditPage(entries, part, size: limit), try await queue.redisTime())
        }
        if output == .json {
            for entry in page.entries { StandardOutput.write(line: entry.json.line) }
            return
        }
        for line in page.lines(on: .standardOutput, now: now) { StandardOutput.write(line: line) }
        guard page.entries.isEmpty else { return }
        let isAll = part == .latest
        StandardOutput.write(line: isAll ? "nobody has done anything yet" : "there are no further actions in this part")
    }
}
