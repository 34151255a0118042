import JobContract
import JobQueue
import Pages
import Primitives
import QueueAdmin
import RuntimeClient
import Settings
import Terminal

// Commands for many games at once.
extension Actions {
    /// What a command with many games does.
    struct Bulk: Sendable {
        var choice: GameFlags
        var selection: GameSelection
        var waiting: Duration?
        var output: OutputFormat
        /// Returns a new job for a game.
        var request: @Sendable (GameID) -> JobRequest
    }

    static func act(_ bulk: Bulk, _ context: CommandContext) async throws(CommandError) {
        let keys = try context.settings.signingKeys()
        let progress: BulkProgress? = try await withUsedQueue(context) { queue in
            let games = try await select(bulk, queue)
            guard !games.isEmpty else { throw CommandError.failed("there is no game to \(bulk.verb) among those") }
            if bulk.choice.dryRun {
                show(games, bulk)
                return nil
            }
            let count = ShortCount.text(games.count, "game", "games")
            let isNamed = !bulk.choice.games.isEmpty
            try await Confirmation.require("\(bulk.verb) \(count)", isGiven: bulk.choice.yes || isNamed)
            let client = RuntimeClient(
                queue.client,
                namespace: context.settings.namespace,
                signingKeys: keys,
                logger: context.logger.forCommand
            )
            return try await push(games.map(\.gameID), bulk, client)
        }
        guard let progress else { return }
        try report(progress, bulk)
    }

    /// Returns the games that the arguments name or choose.
    private static func select(_ bulk: Bulk, _ queue: JobQueue) async throws -> [ChosenGame] {
        let named = bulk.choice.games
        guard named.isEmpty else {
            var seen: Set<GameID> = []
            return named.filter { seen.insert($0.id).inserted }.map { ChosenGame(gameID: $0.id) }
        }
        var selection = bulk.selection
        if let node = bulk.choice.node { selection.node = try await resolve(node: node, queue) }
        let list = try await queue.games(limit: mostContainers)
        guard !list.mayLackGames else {
            throw CommandError.failed(
                "there are more games than this command reads (\(mostContainers)); name the games"
            )
        }
        return selection.games(from: list.games).map { ChosenGame(gameID: $0.gameID, status: $0) }
    }

    private static func show(_ games: [ChosenGame], _ bulk: Bulk) {
        if bulk.output == .json {
            for game in games {
                let fields = ["game_id": game.gameID.text, "kind": bulk.selection.kind.rawValue, "dry_run": "true"]
                StandardOutput.write(line: JSONNode.strings(fields).line)
            }
            return
        }
        let count = ShortCount.text(games.count, "game", "games")
        StandardOutput.write(line: "would \(bulk.verb) \(count):")
        var table = TextTable([.init("GAME", least: 12), .init("STATE"), .init("NODE", least: 8)])
        table.rows = games.map {
            [
                .init($0.gameID.text), $0.status == nil ? "-" : GamePage.state($0.status),
                $0.status.map { .node($0.node.text) } ?? "-",
            ]
        }
        for line in table.lines(on: .standardOutput, things: "games") { StandardOutput.write(line: line) }
    }

    /// Pushes a job for each game, and waits for the results if the arguments say so.
    private static func push(
        _ games: [GameID],
        _ bulk: Bulk,
        _ client: RuntimeClient
    ) async throws -> BulkProgress {
        let start = try await client.lastEntry(of: .results)
        var pending: [JobID: GameID] = [:]
        for game in games {
            let request = bulk.request(game)
            try await client.enqueue(request)
            pending[request.id] = game
            guard bulk.waiting == nil else { continue }
            tell(
                "\(game): job \(request.id) is queued",
                bulk.output,
                ["game_id": game.text, "job_id": request.id.text, "queue": request.queue]
            )
        }
        var progress = BulkProgress(kind: bulk.selection.kind, pending: pending)
        guard let limit = bulk.waiting else { return progress }
        let display = CountingLine(isShown: bulk.output == .text)
        let begun = progress
        let outcome = try await untilSignal {
            try await collect(begun, after: start, within: limit, client, bulk.output, display)
        }
        display.clear()
        guard let finished = outcome else {
            throw CommandError.interrupted("interrupted; the jobs go on: rtmanager jobs")
        }
        progress = finished
        progress.giveUp("no result within \(limit.shortText); the job goes on")
        return progress
    }

    /// Reads results until all have come, or until the limit.
    private static func collect(
        _ begun: BulkProgress,
        after start: String,
        within limit: Duration,
        _ client: RuntimeClient,
        _ output: OutputFormat,
        _ display: CountingLine
    ) async throws -> BulkProgress {
        var progress = begun
        let reader = StreamReader(client, after: [.results: start])
        let end = ContinuousClock.now + limit
        display.show(progress.line)
        while !progress.isDone, ContinuousClock.now < end, !Task.isCancelled {
            let entries = await reader.next(within: min(.seconds(2), ContinuousClock.now.duration(to: end)))
            var results = entries.compactMap(\.result)
            if entries.isEmpty {
                // An entry may have been trimmed before it was read.
                for id in progress.pending.keys.sorted().prefix(100) {
                    if let record = try? await client.record(of: id) { results.append(record) }
                }
            }
            for result in results where progress.pending[result.jobID] != nil {
                progress.take(result)
                if output == .json { StandardOutput.write(line: JSONNode.strings(result.fields).line) }
            }
            display.show(progress.line)
        }
        await reader.close()
        return progress
    }

    /// Prints how many jobs succeeded, and why the others failed.
    private static func report(_ progress: BulkProgress, _ bulk: Bulk) throws(CommandError) {
        guard bulk.waiting != nil else { return }
        if bulk.output == .text {
            StandardOutput.write(line: TerminalText(progress.line))
            let table = BulkProgress.table(progress.failures, of: "GAME")
            for line in table.lines(on: .standardOutput, things: "games") { StandardOutput.write(line: line) }
        }
        if progress.hasFailed {
            let jobs = ShortCount.text(progress.failures.count, "job", "jobs")
            throw .failed("\(jobs) did not succeed")
        }
    }
}

extension Actions.Bulk {
    fileprivate var verb: String { selection.kind.rawValue }
}

/// A game that a command acts on; the state is nil if nobody has asked for it.
private struct ChosenGame: Sendable {
    var gameID: GameID
    var status: GameStatus?
}
