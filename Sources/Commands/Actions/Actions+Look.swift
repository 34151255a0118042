import JobContract
import JobQueue
import Logging
import Pages
import Primitives
import QueueAdmin
import RuntimeClient
import ServiceLifecycle
import Settings
import Terminal
import UnixSignals

// The commands for a job, for a game, and for current events.
extension Actions {
    static func showJob(_ id: JobID, search: Int, _ output: OutputFormat, _ context: CommandContext)
        async throws(CommandError)
    {
        let decoder = JobDecoder(signer: try context.settings.signer())
        let page: JobPage? = try await withUsedQueue(context) { queue in
            let client = client(queue, context)
            if let page = try await JobPage.read(id, queue, client, decoder, search: search) { return page }
            let candidates = try await JobPage.candidates(id.text, queue, decoder)
            guard candidates.count <= 1 else { throw ambiguous("job", id.text, candidates.map(\.text)) }
            guard let job = candidates.first else { return nil }
            return try await JobPage.read(job, queue, client, decoder, search: search)
        }
        guard let page else { throw unknownJob(id) }
        if output == .json { return StandardOutput.write(line: page.json.line) }
        for line in page.lines(on: .standardOutput) { StandardOutput.write(line: line) }
    }

    /// Shows the results and events of a game.
    ///
    /// - Parameters:
    ///   - limit: The number of shown entries. The latest entries are shown.
    ///   - search: The number of entries to read from each stream.
    static func history(
        of game: GameID,
        limit: Int,
        search: Int,
        _ output: OutputFormat,
        _ context: CommandContext
    ) async throws(CommandError) {
        let decoder = JobDecoder(signer: try context.settings.signer())
        let found = try await withUsedQueue(context) { queue in
            let client = client(queue, context)
            let found = try await StreamSearch.run(client, most: search, wanted: limit) { $0.gameID == game }
                .latest(limit)
            guard found.found.isEmpty else { return found }
            // A game without entries may have a container or a job.
            let page = try await GamePage.read(game, queue, client, decoder, shown: 1)
            guard page.isKnown else { throw unknownGame(game, searched: max(search, GamePage.mostSearched)) }
            return found
        }
        let surface = Surface.standardOutput
        for entry in found.found { printEntry(entry, output, surface) }
        guard output == .text else { return }
        let back = found.searchedBackTo.map {
            ShortTime.stamp(Timestamp(millisecondsSinceEpoch: $0)) + " UTC"
        }
        if found.found.isEmpty {
            StandardOutput.write(line: "no result or event of \(game)\(back.map { " since \($0)" } ?? "")")
        } else if let back {
            StandardOutput.write(line: surface.painter.paint("entries before \(back) are not shown", .dim))
        }
    }

    private static func printEntry(_ entry: StreamEntry, _ output: OutputFormat, _ surface: Surface) {
        if output == .json { return StandardOutput.write(line: entry.json.line) }
        for line in EntryLine(entry).lines(on: surface) { StandardOutput.write(line: line) }
    }

    /// The arguments of `watch`.
    struct WatchChoice: Sendable, Equatable {
        var streams: [PublicStream]
        var game: GameID?
        /// The largest number of earlier entries to show from each stream.
        var last: Int
        /// The number of lines after which the command ends; nil: only SIGINT or SIGTERM ends the command.
        var count: Int?

        func matches(_ entry: StreamEntry) -> Bool { game == nil || entry.gameID == game }
    }

    static func watch(
        _ choice: WatchChoice,
        _ output: OutputFormat,
        _ context: CommandContext
    ) async throws(CommandError) {
        try await withUsedQueue(context) { queue in
            let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)
            let client = client(queue, context)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { for await _ in signals { return } }
                group.addTask { try await follow(choice, client, output, context.logger) }
                // The first of the two ends the command: a signal, or enough lines.
                _ = try await group.next()
                group.cancelAll()
            }
        }
    }

    private static func follow(
        _ choice: WatchChoice,
        _ client: RuntimeClient,
        _ output: OutputFormat,
        _ logger: Logger
    ) async throws {
        let surface = Surface.standardOutput
        var shown = 0
        func show(_ entries: [StreamEntry]) -> Bool {
            for entry in entries where choice.matches(entry) {
                printEntry(entry, output, surface)
                shown += 1
                if let count = choice.count, shown >= count { return true }
                // The reader has gone, or stdout cannot be written.
                if StandardOutput.problem != nil { return true }
            }
            return false
        }
        var positions: [PublicStream: String] = [:]
        for stream in choice.streams { positions[stream] = try await client.lastEntry(of: stream) }
        if choice.last > 0 {
            // Read only up to the start of the reader, so that an entry added meanwhile is shown once.
            let before = try await StreamSearch.run(
                client,
                streams: choice.streams,
                most: 10_000,
                wanted: choice.last
            ) { choice.matches($0) && !$0.isAfter(positions[$0.stream]) }
            if show(before.found) { return }
        }
        let reader = StreamReader(client, after: positions, logger: logger)
        while !Task.isCancelled {
            if show(await reader.next(within: .seconds(5))) { break }
        }
        await reader.close()
    }

    package static func client(_ queue: JobQueue, _ context: CommandContext) -> RuntimeClient {
        RuntimeClient(queue.client, namespace: context.settings.namespace, logger: context.logger.forCommand)
    }
}

extension StreamEntry {
    /// Returns whether the entry comes after the entry `other`. Ids have the form `ms-sequence`.
    fileprivate func isAfter(_ other: String?) -> Bool {
        func parts(_ id: String) -> [UInt64] { id.split(separator: "-").map { UInt64($0) ?? 0 } }
        return other.map { parts($0).lexicographicallyPrecedes(parts(id)) } ?? false
    }
}
