import JobContract
import JobQueue
import Primitives
import QueueAdmin
import RuntimeCore
import Terminal

/// The page of `rtmanager status`. The page fits on a screen, regardless of the fleet's size.
package struct StatusPage: Sendable, Equatable {
    /// The name and the address of the deployment.
    package var title: String
    package var overview: FleetOverview
    /// The containers, with containers in trouble first.
    package var containers: [ContainerLine] = []
    /// Whether there may be more containers than the page has read.
    package var mayLackContainers = false

    package init(
        title: String,
        overview: FleetOverview,
        containers: [ContainerLine] = [],
        mayLackContainers: Bool = false
    ) {
        self.title = title
        self.overview = overview
        self.containers = containers
        self.mayLackContainers = mayLackContainers
    }

    package var now: Timestamp { Timestamp(millisecondsSinceEpoch: overview.now) }

    /// Returns the page as lines for the surface.
    ///
    /// - Parameter rows: The number of rows of each table on a surface without a height.
    package func lines(on surface: Surface, rows: Int = .max) -> [TerminalText] {
        var tables = tables
        func cut(_ text: String) -> TerminalText {
            TerminalText(TextTable.cut(EscapedText.escape(text, quotes: false), to: surface.width ?? .max))
        }
        var head = [cut("\(title)   \(ShortTime.stamp(now)) UTC")]
        head += sumLines(width: surface.width).map { TerminalText($0) }
        head += Self.wrapped(remarks, on: surface).map { surface.painter.paint($0, .bad) }
        if let height = surface.height {
            let shown = tables.filter { !$0.0.rows.isEmpty || $0.0.omitted > 0 }
            // Each table needs a blank line and headings; the prompt needs a further line.
            let room = max(shown.count, height - head.count - 2 * shown.count - 1)
            let shares = Self.shares(of: room, wanted: tables.map { $0.0.rows.count + ($0.0.omitted > 0 ? 1 : 0) })
            for index in tables.indices { tables[index].0.cut(to: shares[index]) }
        } else {
            // The line about omitted rows comes in addition.
            for index in tables.indices where tables[index].0.rows.count > rows { tables[index].0.cut(to: rows + 1) }
        }
        for (table, things) in tables {
            let lines = table.lines(on: surface, things: things)
            if !lines.isEmpty { head += [""] + lines }
        }
        return head
    }

    /// The tables from top to bottom, each with the noun for its rows.
    package var tables: [(TextTable, String)] {
        [(queues, "queues"), (nodes, "nodes"), (running, "running jobs"), (games, "containers")]
    }

    /// Divides `room` lines among tables. Small tables get all the lines they want; the others get equal parts.
    static func shares(of room: Int, wanted: [Int]) -> [Int] {
        var shares = wanted
        var left = room
        var open = wanted.indices.sorted { wanted[$0] < wanted[$1] }
        while let next = open.first {
            open.removeFirst()
            shares[next] = min(wanted[next], max(wanted[next] > 0 ? 1 : 0, left / (open.count + 1)))
            left -= shares[next]
        }
        return shares
    }

    package var sums: String { "\(jobSums)   \(gameSums)" }

    /// The sums for a page that does not keep several spaces.
    package var sentence: String { "\(jobSums); \(gameSums)" }

    /// Returns the sums as one line, or as several if the width is too small.
    func sumLines(width: Int?) -> [String] {
        guard let width, sums.count > width else { return [sums] }
        return [jobSums, gameSums].flatMap { TextWrap.lines($0, first: width, rest: width) }
    }

    private var jobSums: String {
        let waiting = overview.queues.reduce(0) { $0 + $1.waiting }
        let count = TextTable.grouped
        return "jobs: \(count(waiting)) in queues, \(count(overview.liveCount)) admitted in "
            + "\(ShortCount.text(overview.laneCount, "lane", "lanes")), \(count(overview.runningCount)) running, "
            + "\(count(overview.retryingCount)) retrying, \(count(overview.deadCount)) dead"
    }

    private var gameSums: String {
        let places = overview.nodes.reduce(0) { $0 + $1.games }
        return "games: \(TextTable.grouped(overview.ownedCount)) owned, \(TextTable.grouped(places)) running"
    }

    /// The number of nodes in each state, of all nodes.
    package var nodeSums: String {
        let up = overview.nodeCount - overview.lostCount - overview.silentCount - overview.drainingCount
        let states = [
            (max(0, up), "up"), (overview.drainingCount, "draining"), (overview.silentCount, "silent"),
            (overview.lostCount, "lost"),
        ]
        let parts = states.filter { $0.0 > 0 }.map { "\(TextTable.grouped($0.0)) \($0.1)" }
        return "nodes: " + (parts.isEmpty ? "none" : parts.joined(separator: ", "))
    }

    /// The line above a list of nodes: the number in each state, and the form of the data that all workers share.
    package var nodeHeading: String { nodeSums + (overview.form.map { "; data form \($0)" } ?? "") }

    /// The remarks about problems, for the top of the page.
    package var remarks: [String] {
        var remarks: [String] = []
        if overview.nodes.allSatisfy({ $0.workers == 0 }) { remarks.append("no worker lives: nothing is taken") }
        if overview.lostCount + overview.silentCount > 0 { remarks.append(nodeSums) }
        if overview.startsLackNode { remarks.append("\(WaitReason.allNodesDrained.phrase); starts wait") }
        for node in overview.nodes where node.capacityDiffers {
            let name = ShortID.node(node.id.text)
            remarks.append("the workers of node \(name) have different capacities, and the smallest values hold")
        }
        remarks += overview.keyProblems.map(\.description) + queueRemarks
        if overview.deadTrimmed > 0 {
            let letters = ShortCount.text(overview.deadTrimmed, "dead letter was", "dead letters were")
            remarks.append("\(letters) forgotten to stay within RTM_DEAD_BYTES")
        }
        if overview.deadLost > 0 {
            let letters = ShortCount.text(overview.deadLost, "dead letter", "dead letters")
            remarks.append("\(letters) could not be kept")
        }
        if overview.ghosts > 0 {
            let jobs = ShortCount.text(overview.ghosts, "job has no data", "jobs have no data")
            remarks.append("\(jobs) any more: see rtmanager doctor")
        }
        if overview.clockSteps > 0 {
            remarks.append("Redis' clock was set back \(ShortCount.text(overview.clockSteps, "time", "times"))")
        }
        if overview.mayLackQueues { remarks.append("queues that no worker serves may be missing here") }
        if mayLackContainers { remarks.append("there are more containers than this page has read") }
        return remarks
    }

    package var nodes: TextTable {
        var table = TextTable([
            .init("NODE", least: 12), .init("HOST", least: 8, isRare: true), .init("STATE"),
            .init("WORKERS", isNumber: true), .init("GAMES", isNumber: true), .init("CPU", isNumber: true),
            .init("MEMORY", isNumber: true), .init("READY", isNumber: true),
            .init("LISTENER", least: 12, isRare: true), .init("VERSION", isRare: true),
        ])
        // Nodes in trouble come first.
        let sorted = overview.nodes.sorted { (Self.rank(state(of: $0)), $0.id) < (Self.rank(state(of: $1)), $1.id) }
        table.rows = sorted.map { node in
            [
                .node(node.id.text), .init(node.host ?? "-"), state(of: node), .init("\(node.workers)"),
                .init(CapacityText.games(node)), .init(CapacityText.cpus(node)), .init(CapacityText.memory(node)),
                .init(TextTable.grouped(node.ready)), Self.leader(of: node), Self.versions(of: node),
            ]
        }
        // The count is older than the list, so a node may have joined meanwhile.
        table.omitted = max(0, overview.nodeCount - overview.nodes.count)
        return table
    }

    package func state(of node: NodeOverview) -> TextTable.Cell { NodeState(node, overview).cell }

    private static func leader(of node: NodeOverview) -> TextTable.Cell {
        node.leader.map { .init($0) } ?? .init("none", node.workers > 0 ? .bad : .dim)
    }

    private static func versions(of node: NodeOverview) -> TextTable.Cell {
        .init(node.versions.isEmpty ? "-" : node.versions.joined(separator: " "))
    }

    /// What is known of a node, by name. Its machine comes first, because its id may be the one of a Docker Engine.
    package func facts(of node: NodeOverview) -> [PageFact] {
        [
            PageFact("host", .init(node.host ?? "not known")), PageFact("node", .init(node.id.text)),
            PageFact("state", state(of: node)), PageFact("workers", .init("\(node.workers)")),
            PageFact("games", .init(CapacityText.games(node))), PageFact("CPUs", .init(CapacityText.cpus(node))),
            PageFact("memory", .init(CapacityText.memory(node))),
            PageFact("listener", Self.leader(of: node)), PageFact("version", Self.versions(of: node)),
        ]
    }

    private static func rank(_ cell: TextTable.Cell) -> Int {
        switch cell.style {
        case .bad: 0
        case .notable: 1
        default: 2
        }
    }

    package var running: TextTable {
        var table = TextTable([
            .init("RUNNING JOB", least: 12), .init("KIND"), .init("GAME", least: 10), .init("NODE", least: 8),
            .init("FOR", isNumber: true), .init("ATTEMPT", isNumber: true), .init("IS AT", least: 10),
        ])
        table.rows = overview.running.map { job in
            [
                .init(job.id.text, link: .job(job.id.text)), .init(job.kind),
                .init(job.gameID.text, link: .game(job.gameID.text)), .node(job.node.text),
                .init(ShortTime.span(milliseconds: overview.now - job.taken)),
                .init("\(job.attempt)", job.attempt > 1 ? .notable : .plain),
                .init(ProgressText.phrase(job.progress) ?? "-"),
            ]
        }
        // The count is older than the list, so a job may have begun meanwhile.
        table.omitted = max(0, overview.runningCount - overview.running.count)
        return table
    }

    private func state(of container: ContainerLine, _ nodes: [NodeID: NodeState]) -> TextTable.Cell {
        guard container.word != "exited", let node = nodes[container.node], node.isAway else { return container.state }
        return node.cell(ofRunning: .init(container.word))
    }

    package var games: TextTable {
        let states = overview.nodeStates
        var table = TextTable([
            .init("GAME", least: 10), .init("CONTAINER", least: 12), .init("STATE"), .init("SINCE", isNumber: true),
            .init("NODE", least: 8), .init("IMAGE", least: 12),
        ])
        table.rows = containers.map { container in
            [
                .init(container.gameID.text, link: .game(container.gameID.text)), .init(container.id.short),
                state(of: container, states),
                .init(container.since.map { ShortTime.span(from: $0, to: now) } ?? "-"),
                .node(container.node.text), .init(container.image),
            ]
        }
        return table
    }
}
