import JobContract
import JobQueue
import Pages
import QueueAdmin
import RuntimeClient
import Terminal

/// Reads what the console shows.
package protocol ConsoleReading: Sendable {
    /// Reads a page. The call must end in bounded time.
    func content(of route: ConsoleRoute) async throws -> ConsoleContent
    /// Reads the data of a page as JSON. The call must end in bounded time.
    ///
    /// - Parameter limit: the largest number of entries of a list.
    /// - Throws: ``DataProblem`` if nothing is known of what the route names.
    func json(of route: ConsoleRoute, limit: Int) async throws -> String
    /// Returns the page that a searched text means. The call must end in bounded time.
    func route(for text: String) async throws -> ConsoleRoute
}

/// Reads the pages of the console from Redis. Each page is a bounded number of commands, and none without a bound.
package struct ConsoleReader: ConsoleReading {
    /// The largest number of games to sort for a list.
    static let mostGames = 20_000
    private static let gamesOnPage = 100
    private static let lettersOnPage = 50
    /// The largest number of jobs of each state to show for a search that finds no container.
    private static let jobsOfSearch = 20
    static let mostJobs = 200
    private static let auditEntries = 100
    private static let mostWorkers = 500
    /// The largest number of dead letters to search for those of a page.
    private static let mostLetters = 2_000

    let queue: JobQueue
    let client: RuntimeClient
    let decoder: JobDecoder
    let dashboard: Dashboard

    /// Creates a reader.
    ///
    /// - Parameter dashboard: has the state of the fleet, which costs more commands than the other pages.
    package init(queue: JobQueue, client: RuntimeClient, decoder: JobDecoder, dashboard: Dashboard) {
        self.queue = queue
        self.client = client
        self.decoder = decoder
        self.dashboard = dashboard
    }

    /// Reads a page. The overview has a reader of its own, ``Dashboard``.
    package func content(of route: ConsoleRoute) async throws -> ConsoleContent {
        switch route {
        case .overview: ConsoleContent([])
        case .games(let search, let page): try await games(search, page)
        case .game(let id): .game(try await details.game(id))
        case .jobs(let choice): try await jobs(choice)
        case .job(let id): .job(id, try await details.job(id), now: try await queue.redisTime())
        case .dead(let page): try await dead(page)
        case .queues: .queues(try await dashboard.look().status)
        case .nodes: try await nodes()
        case .node(let id): try await node(id)
        case .workers: .workers(try await queue.workers(limit: Self.mostWorkers))
        case .groups: try await groups()
        case .audit(let part): try await audit(part)
        case .words: .words
        }
    }

    /// Returns the page that a searched text means: a job or a game with this id, else the games with the text.
    package func route(for text: String) async throws -> ConsoleRoute {
        let text = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        if try await queue.sight(of: JobID(text)) != nil { return .job(JobID(text)) }
        if try await queue.game(GameID(text)).isKnown { return .game(GameID(text)) }
        let queued = try await queue.queuedJob(most: DetailReader.mostMessages, everywhere: true, decoder) {
            $0.id.text == text || $0.gameID.text == text
        }
        if let queued { return queued.id.text == text ? .job(queued.id) : .game(queued.gameID) }
        return .games(search: text, page: 1)
    }

    private func games(_ search: String, _ page: Int) async throws -> ConsoleContent {
        let list = try await queue.games(with: search, limit: Self.mostGames)
        var jobs = JobList()
        if list.games.isEmpty, !search.isEmpty {
            var filter = JobFilter()
            filter.states.remove(.dead)
            filter.game = IDPattern("*\(search)*")
            jobs = try await queue.jobs(filter, isBrief: true, limit: Self.jobsOfSearch, decoder: decoder)
        }
        return .games(
            list,
            jobs,
            search: search,
            page: page,
            size: Self.gamesOnPage,
            now: try await queue.redisTime(),
            nodes: (try? await dashboard.look())?.status.overview.nodeStates ?? [:]
        )
    }

    /// Reads the pages of jobs and games.
    var details: DetailReader { DetailReader(queue, client, decoder) }

    private func jobs(_ choice: JobChoice) async throws -> ConsoleContent {
        let named = try await namedNode(choice)
        let list = try await jobs(choice, of: named, limit: Self.mostJobs)
        return .jobs(JobListPage(list), choice, named, sums: try await dashboard.look().status.sentence)
    }

    /// Returns the node of a choice of jobs; nil: the jobs of all nodes are wanted.
    func namedNode(_ choice: JobChoice) async throws -> NamedNode? {
        choice.node.isEmpty ? nil : try await NamedNode.read(choice.node, queue)
    }

    /// Reads the chosen jobs; none, if the choice names no node, or several.
    func jobs(_ choice: JobChoice, of named: NamedNode?, limit: Int) async throws -> JobList {
        if named?.problem != nil { return JobList() }
        let node: NodeID? = if case .node(let node)? = named { node } else { nil }
        return try await queue.jobs(choice.filter(of: node), part: choice.part, limit: limit, decoder: decoder)
    }

    /// Reads a page of dead letters, and one more if there are more.
    private func dead(_ page: DeadPage) async throws -> ConsoleContent {
        var found: [DeadLetter] = []
        var before = page.before
        var searched = 0
        while found.count <= Self.lettersOnPage, searched < Self.mostLetters {
            let letters = try await queue.deadLetters(limit: Self.lettersOnPage + 1, before: before)
            found += letters.filter { page.filter.matches(code: $0.errorCode, queue: $0.queue) }
            searched += letters.count
            guard let last = letters.last else { break }
            before = last.entry
        }
        return .dead(Array(found.prefix(Self.lettersOnPage + 1)), page, size: Self.lettersOnPage)
    }

    private func nodes() async throws -> ConsoleContent {
        .nodes(try await dashboard.look().status)
    }

    private func node(_ name: NodeID) async throws -> ConsoleContent {
        let named = try await NamedNode.read(name.text, queue)
        guard case .node(let id) = named else { return .unknownNode(named) }
        let overview = try await queue.overview(of: id)
        guard overview.nodes.contains(where: { $0.id == id }) else { return .unknown("node", id.text) }
        let list = try await queue.games(limit: Self.mostGames)
        return .node(id, StatusPage(title: "", overview: overview), list)
    }

    private func audit(_ part: StreamPart) async throws -> ConsoleContent {
        let entries = try await queue.auditEntries(limit: Self.auditEntries + 1, part: part)
        return .audit(entries, part, size: Self.auditEntries, now: try await queue.redisTime())
    }

    private func groups() async throws -> ConsoleContent {
        let retention = try await queue.streamRetention()
        return .groups(try await queue.streamGroups(), retention, now: try await queue.redisTime())
    }
}
