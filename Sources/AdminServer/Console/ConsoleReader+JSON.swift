import JobContract
import JobQueue
import Pages
import Primitives
import QueueAdmin
import RuntimeClient
import Terminal

// The data of the pages for programs. docs/reference/openapi.json describes it.
extension ConsoleReader {
    package func json(of route: ConsoleRoute, limit: Int) async throws -> String {
        try await node(of: route, limit).text
    }

    private func node(of route: ConsoleRoute, _ limit: Int) async throws -> JSONNode {
        switch route {
        case .overview: return try await dashboard.look().status.json
        case .games(let search, _): return try await games(search, limit)
        case .game(let id): return try await game(id)
        case .jobs(let choice): return try await jobs(choice, limit)
        case .job(let id): return try await job(id)
        case .dead(let page): return try await dead(page, limit)
        case .queues:
            let queues = try await dashboard.look().status.overview.queues
            return .object([("queues", .array(queues.map(\.json)))])
        case .nodes:
            let overview = try await dashboard.look().status.overview
            return .object([("nodes", .array(overview.nodes.map { StatusPage.json($0, overview) }))])
        case .node(let id): return try await node(id, limit)
        case .workers:
            let list = try await queue.workers(limit: limit)
            return .object([("workers", .array(list.workers.map { WorkerTable.json($0, now: list.now) }))])
        case .groups: return try await groups()
        case .audit(let part): return try await audit(part, limit)
        case .words:
            return .object([
                (
                    "words",
                    .array(Glossary.words.map { .object([("word", .string($0.name)), ("text", .string($0.text))]) })
                )
            ])
        }
    }

    private func games(_ search: String, _ limit: Int) async throws -> JSONNode {
        let list = try await queue.games(with: search, limit: Self.mostGames)
        let games = list.games.sorted { $0.gameID < $1.gameID }
        return .object([
            ("games", .array(games.prefix(limit).map(\.json))), ("count", .integer(games.count)),
            ("may_lack_games", .boolean(list.mayLackGames || games.count > limit)),
        ])
    }

    private func game(_ id: GameID) async throws -> JSONNode {
        let page = try await details.game(id)
        guard page.isKnown else { throw DataProblem.unknown("game", id.text) }
        let (detail, history) = (page.detail, page.history)
        return .object([
            ("game_id", .string(id.text)), ("container", detail.status?.json),
            ("owner", detail.owner.map { .string($0.text) }), ("next_job", page.nextJob.map { .string($0.id.text) }),
            ("stage", page.nextJob.map { .string($0.stage) }),
            ("behind", .array(detail.behind.map { .string($0.text) })), ("behind_count", .integer(detail.behindCount)),
            ("history", .array(history.found.map(\.json))),
        ])
    }

    private func jobs(_ choice: JobChoice, _ limit: Int) async throws -> JSONNode {
        let named = try await namedNode(choice)
        let list = try await jobs(choice, of: named, limit: limit)
        let page = JobListPage(list)
        func address(_ part: JobListPart) -> JSONNode {
            .string("/api/v1" + ConsoleRoute.jobs(choice.with(part)).address + "&limit=\(limit)")
        }
        return .object([
            ("jobs", .array(list.jobs.map(JobListPage.json))),
            ("may_lack_jobs", .boolean(!list.more.isEmpty || !list.unsearched.isEmpty)),
            ("next", .array(page.next.map(address))), ("previous", page.previous.map(address)),
            ("problem", named?.problem.map { .string($0) }),
        ])
    }

    private func groups() async throws -> JSONNode {
        let (retention, now) = (try await queue.streamRetention(), try await queue.redisTime())
        let groups = try await queue.streamGroups().map { GroupOutlook($0, retention, now: now).json }
        return .object([("groups", .array(groups))])
    }

    private func audit(_ part: StreamPart, _ limit: Int) async throws -> JSONNode {
        let entries = try await queue.auditEntries(limit: limit + 1, part: part)
        let page = AuditPage(entries, part, size: limit)
        func address(_ part: StreamPart) -> JSONNode {
            .string("/api/v1" + ConsoleRoute.audit(part).address + "&limit=\(limit)")
        }
        return .object([
            ("entries", .array(page.entries.map(\.json))), ("next", page.older.map(address)),
            ("previous", page.newer.map(address)),
        ])
    }

    private func job(_ id: JobID) async throws -> JSONNode {
        let page = try await details.job(id)
        guard let page else { throw DataProblem.unknown("job", id.text) }
        // The message may hold secrets, in `env`.
        guard case .object(let members) = page.json else { return page.json }
        return .object(members.map { $0.0 == "message" ? ($0.0, page.maskedMessage.map { .string($0) }) : $0 })
    }

    private func dead(_ page: DeadPage, _ limit: Int) async throws -> JSONNode {
        let letters = try await queue.deadLetters(limit: limit, before: page.before)
        let found = letters.filter { page.filter.matches(code: $0.errorCode, queue: $0.queue) }
        return .object([
            ("letters", .array(found.map(\.json))),
            ("before", letters.count == limit ? letters.last.map { .string($0.entry) } : nil),
        ])
    }

    private func node(_ name: NodeID, _ limit: Int) async throws -> JSONNode {
        let named = try await NamedNode.read(name.text, queue)
        guard case .node(let id) = named else {
            throw DataProblem(.missing, named.problem ?? "")
        }
        let overview = try await queue.overview(of: id)
        guard let node = overview.nodes.first(where: { $0.id == id }) else {
            throw DataProblem.unknown("node", id.text)
        }
        let games = try await queue.games(limit: Self.mostGames).games.filter { $0.node == id }
        return .object([
            ("node", StatusPage.json(node, overview)),
            ("games", .array(games.sorted { $0.gameID < $1.gameID }.prefix(limit).map(\.json))),
        ])
    }
}

extension GameStatus {
    fileprivate var json: JSONNode {
        .object([
            ("game_id", .string(gameID.text)), ("state", .string(isRunning ? "running" : "exited")),
            ("node", .string(node.text)), ("container_id", .string(containerID.text)), ("image", .string(image)),
            ("engine_endpoint", endpoint.map { .string($0) }), ("job_id", .string(jobID.text)),
            ("since", since.map { .time($0.millisecondsSinceEpoch) }),
            ("reason", reason.map { .string($0.rawValue) }), ("exit_code", exitCode.map { .integer($0) }),
        ])
    }
}

extension DeadLetter {
    fileprivate var json: JSONNode {
        .object([
            ("entry", .string(entry)), ("job_id", .string(jobID.text)), ("run", .integer(run)),
            ("queue", .string(queue)), ("error_code", .string(errorCode)), ("error", .string(error)),
            ("died_at", .string(diedAt)), ("size", .integer(size)),
        ])
    }
}

extension GroupOutlook {
    fileprivate var json: JSONNode {
        .object([
            ("stream", .string(group.stream)), ("group", .string(group.name)),
            ("behind", group.lag.map { .integer($0) }), ("unacknowledged", .integer(group.pending)),
            ("oldest_needed", group.oldestNeeded.map { .time($0) }), ("has_lost_entries", .boolean(group.hasLost)),
            ("will_lose_entries", .boolean(isNear)), ("oldest_trimmed_at", trimmedAt.map { .time($0) }),
            ("about_to_lose", .string(text)),
        ])
    }
}
