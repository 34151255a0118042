import JobContract
import Pages
import Primitives
import QueueAdmin
import RuntimeClient
import Terminal

// The pages of games and of jobs, from what was read.
extension ConsoleContent {
    /// The list of games: those in trouble first, then in the order of their ids.
    ///
    /// - Parameters:
    ///   - jobs: jobs of games that were searched and have no container.
    ///   - page: the number of the page, from 1.
    ///   - size: the number of games on a page.
    ///   - nodes: the states of nodes, as far as they are known.
    static func games(
        _ list: GameList,
        _ jobs: JobList = JobList(),
        search: String,
        page: Int,
        size: Int,
        now: Int64,
        nodes: [NodeID: NodeState] = [:]
    ) -> ConsoleContent {
        let ranked = list.games.map { (rank: $0.hasFailed ? 0 : 1, game: $0) }
        let sorted = ranked.sorted { ($0.rank, $0.game.gameID) < ($1.rank, $1.game.gameID) }.map(\.game)
        let failed = ranked.count { $0.rank == 0 }
        let running = sorted.count(where: \.isRunning)
        let more = list.mayLackGames ? "; there are more games than this page has read" : ""
        let found = search.isEmpty ? "" : " with \u{201C}\(search)\u{201D}"
        let sums =
            "\(ShortCount.text(sorted.count, "game has", "games have")) a container\(found): "
            + "\(TextTable.grouped(running)) running, \(TextTable.grouped(failed)) failed\(more)"
        var blocks: [Block] = [.note(sums, .plain)]
        let shown = sorted.dropFirst((page - 1) * size).prefix(size)
        blocks.append(.table(table(of: Array(shown), now: now, nodes: nodes), of: "games"))
        if page > 1 { blocks.append(.link(.games(search: search, page: page - 1), "previous games")) }
        if sorted.count > page * size { blocks.append(.link(.games(search: search, page: page + 1), "next games")) }
        if !jobs.jobs.isEmpty {
            blocks += [.heading("Jobs of games\(found)"), .table(JobListPage(jobs).table, of: "jobs")]
        }
        return ConsoleContent(blocks)
    }

    static func table(of games: [GameStatus], now: Int64, nodes: [NodeID: NodeState]) -> TextTable {
        let now = Timestamp(millisecondsSinceEpoch: now)
        var table = TextTable([
            .init("GAME"), .init("STATE"), .init("SINCE", isNumber: true), .init("NODE"), .init("ENDPOINT"),
            .init("IMAGE"),
        ])
        table.rows = games.map { game in
            [
                .init(game.gameID.text, link: .game(game.gameID.text)), GamePage.state(game, on: nodes),
                .init(game.since.map { ShortTime.span(from: $0, to: now) } ?? "-"),
                .node(game.node.text), .init(game.endpoint ?? "-"), .init(game.image),
            ]
        }
        return table
    }

    static func game(_ page: GamePage) -> ConsoleContent {
        guard page.isKnown else { return .unknown("game", page.detail.id.text) }
        let id = page.detail.id
        let actions: [ConsoleAction] =
            switch page.detail.status?.isRunning {
            case true?: [.restart(id), .stop(id), .remove(id)]
            case false?: [.restart(id), .remove(id)]
            case nil: []
            }
        var blocks: [Block] = [
            .facts(page.facts), .actions(actions), .heading("Next"), .commands(page.commands), .heading("History"),
        ]
        blocks.append(.table(table(of: page.history.found.reversed(), now: page.detail.now), of: "entries"))
        if let back = page.history.searchedBackTo {
            let time = ShortTime.stamp(Timestamp(millisecondsSinceEpoch: back))
            blocks.append(.note("entries before \(time) UTC were not read", .dim))
        }
        return ConsoleContent(blocks)
    }

    /// The page of a job; nil: Redis knows nothing of the job.
    static func job(_ id: JobID, _ page: JobPage?, now: Int64) -> ConsoleContent {
        guard let page else { return .unknown("job", id.text) }
        var blocks: [Block] = [.facts(page.facts)]
        if let letter = page.dead {
            blocks += [
                .actions([.retry([letter.entry]), .drop([letter.entry])]), .heading("Next"),
                .commands(["rtmanager dead retry \(id)", "rtmanager dead drop \(id)"]),
            ]
        }
        if let message = page.maskedMessage { blocks += [.heading("Message"), .commands([message])] }
        blocks += [
            .heading("In the log"), .commands(["grep 'job=\(id) '   # on the worker; with RTM_LOG_FORMAT=json: job"]),
            .heading("Events of its containers"),
        ]
        blocks.append(.table(table(of: page.events.reversed(), now: now), of: "events"))
        return ConsoleContent(blocks)
    }

    /// A table of results and events. The details come last, because a browser wraps the last column.
    static func table(of entries: [StreamEntry], now: Int64) -> TextTable {
        let now = Timestamp(millisecondsSinceEpoch: now)
        var table = TextTable([
            .init("TIME"), .init("AGO", isNumber: true), .init("GAME"), .init("WHAT"), .init("JOB"), .init("DETAILS"),
        ])
        table.rows = entries.map { entry in
            let line = EntryLine(entry)
            let job = entry.jobID?.text
            return [
                .init(ShortTime.stamp(line.time)), .init(ShortTime.span(from: line.time, to: now)),
                .init(line.gameID.text, link: entry.gameID.map { .game($0.text) }), line.word,
                .init(job.map(short) ?? "-", link: job.map { .job($0) }),
                .init(line.shortDetails.joined(separator: ", ")),
            ]
        }
        return table
    }

    /// Returns the begin of a UUID or of the digest of a message that is no job, and any other id whole.
    static func short(_ id: String) -> String {
        let digest = id.hasPrefix("invalid:") ? id.dropFirst("invalid:".count) : ""
        guard digest.utf8.count != 40 || !digest.allSatisfy(\.isHexDigit) else { return "invalid:\(digest.prefix(8))…" }
        return ShortID.text(id)
    }

    /// The page about something that nobody knows.
    static func unknown(_ thing: String, _ name: String) -> ConsoleContent {
        let link = Block.link(.games(search: name, page: 1), "search games for it")
        return ConsoleContent([.note(unknownText(thing, name), .notable), link], isMissing: true)
    }

    static func unknownText(_ thing: String, _ name: String) -> String {
        "\(thing) \(name) is not known: it never was, or its record has expired"
    }
}
