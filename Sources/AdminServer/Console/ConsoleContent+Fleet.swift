import JobContract
import JobQueue
import Pages
import Primitives
import QueueAdmin
import Terminal

// The pages of live jobs, dead letters, nodes and consumer groups, from what was read.
extension ConsoleContent {
    /// Jobs by a choice, those in trouble first.
    ///
    /// - Parameter node: What the node of the choice means; nil: the choice names none.
    static func jobs(
        _ page: JobListPage,
        _ choice: JobChoice,
        _ node: NamedNode? = nil,
        sums: String
    ) -> ConsoleContent {
        let states = ["", "retrying", "running", "waiting", "dead"]
        var blocks: [Block] = [
            .note(sums, .plain),
            .filter(
                .jobs(choice),
                [.init("state", "State", choice.state, options: states)]
                    + [("game", choice.game), ("queue", choice.queue), ("node", choice.node), ("code", choice.code)].map
                {
                    .init($0, $0.prefix(1).uppercased() + $0.dropFirst(), $1)
                }
            ),
        ]
        if let problem = node?.problem { blocks.append(.note(problem, .bad)) }
        for candidate in (node?.candidates ?? []).prefix(NameText.mostCandidates) {
            var narrower = choice.with(.begin)
            narrower.node = candidate.text
            blocks.append(.link(.jobs(narrower), "jobs of node \(candidate)"))
        }
        blocks.append(.table(page.table, of: "jobs"))
        blocks += page.remarks.map { .note($0, .dim) } + links(page, choice)
        if choice.state == "dead" || choice.state.isEmpty { blocks.append(.link(.dead(DeadPage()), "dead letters")) }
        return ConsoleContent(blocks)
    }

    /// Links to the other parts of a list of jobs, with the same filters.
    private static func links(_ page: JobListPage, _ choice: JobChoice) -> [Block] {
        func phrase(_ part: JobListPart) -> String {
            let state = part.position?.state
            let isLater = if case .after = part { true } else { false }
            if state == .retrying { return "retrying jobs with \(isLater ? "later" : "earlier") attempts" }
            return "\(isLater ? "newer" : "older") \(state?.rawValue ?? "") jobs"
        }
        var blocks: [Block] = []
        if choice.part != .begin { blocks.append(.link(.jobs(choice.with(.begin)), "first page")) }
        blocks += ([page.previous].compactMap { $0 } + page.next).map { .link(.jobs(choice.with($0)), phrase($0)) }
        return blocks
    }

    static func workers(_ list: WorkerList) -> ConsoleContent {
        ConsoleContent([.table(WorkerTable.table(list), of: "workers")])
    }

    /// Dead letters, the newest first. `letters` has one more than the page shows if there are more.
    static func dead(_ letters: [DeadLetter], _ page: DeadPage, size: Int) -> ConsoleContent {
        let shown = Array(letters.prefix(size))
        var table = TextTable([
            .init("DIED AT"), .init("CODE"), .init("QUEUE"), .init("JOB"), .init("ENTRY"), .init("WHY"),
        ])
        table.rows = shown.map { letter in
            [
                .init(letter.diedAt), .init(letter.errorCode, .bad), .init(letter.queue),
                .init(short(letter.jobID.text), link: .job(letter.jobID.text)), .init(letter.entry),
                .init(letter.error),
            ]
        }
        let filter = page.filter
        var blocks: [Block] = letters.isEmpty && filter.isAll ? [] : [deadFilter(shown, page)]
        let buttons = [
            Choice.Button(word: "retry", label: "Retry selected"), .init(word: "drop", label: "Drop selected"),
        ]
        blocks.append(.choices(table, of: "dead letters", Choice(values: shown.map(\.entry), actions: buttons)))
        if letters.count > size, let last = shown.last {
            blocks.append(.link(.dead(DeadPage(filter: filter, before: last.entry)), "older dead letters"))
        }
        if !letters.isEmpty {
            blocks += [
                .actions([.retryAll(filter), .dropAll(filter)]), .heading("Next"),
                .commands(["rtmanager dead show ENTRY", "rtmanager dead retry ENTRY"]),
            ]
        }
        return ConsoleContent(blocks)
    }

    /// One line with the codes and queues of the shown letters, and those of the filter.
    private static func deadFilter(_ shown: [DeadLetter], _ page: DeadPage) -> Block {
        func options(_ values: [String], _ chosen: String) -> [String] {
            [""] + Set(values + [chosen]).filter { !$0.isEmpty }.sorted()
        }
        let filter = page.filter
        return .filter(
            .dead(page),
            [
                .init("code", "Code", filter.code, options: options(shown.map(\.errorCode), filter.code)),
                .init("queue", "Queue", filter.queue, options: options(shown.map(\.queue), filter.queue)),
            ]
        )
    }

    /// The queues, each with a button to pause or resume it.
    static func queues(_ page: StatusPage) -> ConsoleContent {
        let queues = page.overview.queues
        var blocks: [Block] = page.overview.unservedQueues.prefix(20).map {
            .advice("\(WaitReason.unserved.phrase): \($0.sentence)", .bad, command: $0.command)
        }
        blocks.append(.table(page.queues, of: "queues"))
        if page.overview.mayLackQueues {
            blocks.append(.note("queues that no worker serves may be missing here", .dim))
        }
        for queue in queues.prefix(100) {
            let change: ServiceChange = queue.isPaused ? .resume(queue: queue.name) : .pause(queue: queue.name)
            blocks.append(.named(queue.name, [.change(change)]))
        }
        return ConsoleContent(blocks)
    }

    static func nodes(_ page: StatusPage) -> ConsoleContent {
        ConsoleContent([.note(page.nodeHeading, .plain), .table(page.nodes, of: "nodes")])
    }

    /// A node and its games.
    static func node(_ id: NodeID, _ page: StatusPage, _ list: GameList) -> ConsoleContent {
        let games = list.games.filter { $0.node == id }.sorted { $0.gameID < $1.gameID }
        var table = table(of: games, now: page.overview.now, nodes: page.overview.nodeStates)
        table.cut(to: 500)
        let node = page.overview.nodes.first { $0.id == id }
        var blocks: [Block] = [.facts(node.map { page.facts(of: $0) } ?? [])]
        blocks += [
            .actions([.change(node?.isDraining == true ? .resumeNode(id) : .drain(node: id))]), .heading("Next"),
            .commands(nextCommands(id, page.overview.nodeStates[id])),
            .heading("Games with a container there"), .table(table, of: "games"),
        ]
        if list.mayLackGames { blocks.append(.note("there are more games than this page has read", .dim)) }
        return ConsoleContent(blocks)
    }

    /// The page about a text that names no node, or several.
    static func unknownNode(_ named: NamedNode) -> ConsoleContent {
        switch named {
        case .node(let node): .unknown("node", node.text)
        case .unknown(let text): .unknown("node", text)
        case .ambiguous(_, let nodes):
            ConsoleContent(
                [.note(named.problem ?? "", .notable)]
                    + nodes.prefix(NameText.mostCandidates).map { .link(.node($0), "node \($0)") },
                isMissing: true
            )
        }
    }

    private static func nextCommands(_ id: NodeID, _ state: NodeState?) -> [String] {
        let games = "rtmanager node games \(id)"
        // A lost node begins nothing, so a drain has no use there.
        if case .lost? = state { return [games, "rtmanager node forget \(id)"] }
        return [games, "rtmanager node drain \(id) --wait", "rtmanager node resume \(id)"]
    }

    /// Consumer groups, and what each is about to lose.
    static func groups(_ groups: [StreamGroup], _ retention: StreamRetention?, now: Int64) -> ConsoleContent {
        var table = TextTable([
            .init("STREAM"), .init("GROUP"), .init("UNREAD", isNumber: true), .init("UNACKNOWLEDGED", isNumber: true),
            .init("OLDEST NEEDED", isNumber: true), .init("STATE"), .init("ABOUT TO LOSE"),
        ])
        table.rows = groups.map { group in
            let outlook = GroupOutlook(group, retention, now: now)
            return [
                .init(group.stream), .init(group.name), .init(group.lag.map(TextTable.grouped) ?? "unknown"),
                .init(TextTable.grouped(group.pending)),
                .init(group.oldestNeeded.map { ShortTime.span(milliseconds: max(0, now - $0)) } ?? "-"),
                state(outlook), .init(outlook.text, outlook.isNear ? .notable : .plain),
            ]
        }
        return ConsoleContent([.table(table, of: "consumer groups")])
    }

    private static func state(_ outlook: GroupOutlook) -> TextTable.Cell {
        if outlook.group.hasLost { return .init("has lost entries", .bad) }
        return outlook.isNear ? .init("will lose entries", .notable) : .init("complete", .good)
    }
}
