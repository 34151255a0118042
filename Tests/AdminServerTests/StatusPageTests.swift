import QueueAdmin
import JobContract
import JobQueue
import Primitives
import RuntimeCore
import Testing

@testable import AdminServer
@testable import Pages
@testable import Terminal

@Suite("The status page")
struct StatusPageTests {
    private static let now: Int64 = 1_767_225_600_000

    /// A fleet with so many of everything.
    private static func page(_ size: Int) -> StatusPage {
        var overview = FleetOverview()
        overview.now = now
        overview.queues = (0..<size).map { number in
            var queue = QueueOverview(name: "queue-\(number)")
            queue.waiting = 12_345
            queue.workers = 1
            queue.oldest = now - 192_000
            return queue
        }
        overview.nodes = (0..<size).map { node("node-\($0)") }
        overview.nodeCount = size
        overview.running = (0..<size).map { number in
            var job = RunningJob(id: "job-\(number)-with-a-name-that-is-quite-long-for-a-terminal")
            job.taken = now - 61_000
            job.progress = "pulling 3 8 12000000 50000000"
            return job
        }
        overview.runningCount = size
        var page = StatusPage(title: "rtm on redis://127.0.0.1:6379/0", overview: overview)
        page.containers = (0..<size).compactMap { container("game-\($0)", .healthy) }
        return page
    }

    private static func node(_ id: String) -> NodeOverview {
        var node = NodeOverview(id: NodeID(id), seen: now - 100)
        node.workers = 2
        node.hasReported = true
        node.leader = "host-1-abc"
        return node
    }

    private static func container(_ game: GameID, _ health: HealthLevel?, exited: Bool = false) -> ContainerLine? {
        let identity = ContainerIdentity(
            containerName: game.text,
            gameID: game,
            jobID: "j",
            image: "engine:1",
            labels: [:]
        )
        let mark = Checkpoint(
            startedAt: Timestamp(millisecondsSinceEpoch: now - 5_000),
            exitedAt: exited ? Timestamp(millisecondsSinceEpoch: now - 1_000) : nil,
            health: health,
            identity: identity
        )
        return ContainerLine(ContainerCheckpoint(node: "n1", containerID: "c-\(game)", encoded: mark.encoded))
    }

    @Test("in a browser the page stays small, and names are only text")
    func html() {
        var page = Self.page(5_000)
        page.title = #"<script>alert("it's & on")</script>"#
        let html = ConsoleContent(DashboardLook(status: page).blocks).html
        #expect(html.contains("&lt;script&gt;alert(&quot;it&#39;s &amp; on&quot;)&lt;/script&gt;"))
        #expect(!html.contains("<script") && html.contains("queue-17<"))
        #expect(html.utf8.count < 250_000 && html.contains("4,901 more containers"))
        #expect(ConsoleContent(DashboardLook(status: Self.page(0)).blocks).html.contains("no worker lives"))
    }

    @Test("The page of a large fleet is one screen", arguments: [(80, 24), (120, 50), (80, 40)])
    func oneScreen(width: Int, height: Int) {
        for size in [0, 1, 3, 5_000] {
            let lines = Self.page(size).lines(on: Surface(width: width, height: height))
            #expect(lines.count < height, "\(size)")
            #expect(lines.allSatisfy { $0.count <= width }, "\(size): \(lines.filter { $0.count > width })")
        }
        let text = Self.page(5_000).lines(on: Surface(width: width, height: height)).joined(by: "\n").text
        for things in ["queues", "nodes", "running jobs", "containers"] { #expect(text.contains("more \(things)")) }
        #expect(text.contains("61,725,000 in queues"))
    }

    @Test("A small fleet is shown whole")
    func small() {
        let text = Self.page(2).lines(on: Surface(width: 160, height: 50)).joined(by: "\n").text
        for part in [
            "queue-1   12,345", "3m12s  open", "node-1  -     up", "pulling 3/8 layers, 12.0 MB of 50.0 MB", "1m01s",
            "game-1  c-game-1   healthy", "engine:1",
        ] { #expect(text.contains(part), "\(part) in\n\(text)") }
        #expect(!text.contains("more "))
    }

    @Test("Problems come first")
    func order() {
        var page = Self.page(0)
        var silent = NodeOverview(id: "z-silent", seen: Self.now - 90_000)
        silent.hasReported = true
        page.overview.nodes = [Self.node("a"), silent]
        page.containers = ContainerLine.sorted(
            [
                Self.container("a", nil), Self.container("b", .unhealthy), Self.container("c", nil, exited: true),
            ].compactMap { $0 }
        )
        #expect(page.containers.map(\.gameID) == ["b", "c", "a"])
        #expect(page.containers.map(\.word) == ["unhealthy", "exited", "running"])
        let lines = page.lines(on: .plain).map(\.text)
        let nodes = lines.filter { $0.hasPrefix("z-silent") || $0.hasPrefix("a ") }
        #expect(nodes.first?.contains("silent 1m30s") == true, "\(lines)")
    }

    @Test("Small tables get their lines first, and the others share the rest equally")
    func shares() {
        #expect(StatusPage.shares(of: 12, wanted: [2, 100, 0, 100]) == [2, 5, 0, 5])
        #expect(StatusPage.shares(of: 2, wanted: [5, 5, 5, 0]) == [1, 1, 1, 0])
        #expect(StatusPage.shares(of: 50, wanted: [1, 2, 3, 4]) == [1, 2, 3, 4])
    }

    @Test("A node is up, draining, joining, silent, lost, returning, or without its Docker Engine")
    func nodeStates() {
        var overview = FleetOverview()
        overview.now = Self.now
        var node = Self.node("n")
        #expect(NodeState(node, overview) == .up)
        node.isDraining = true
        #expect(NodeState(node, overview) == .draining)
        node.hasReported = false
        #expect(NodeState(node, overview) == .joining)
        // Its sign of life may come a little late.
        node.seen = Self.now - overview.lease * 3 / 2
        #expect(NodeState(node, overview) == .joining)
        node.seen = Self.now - 60_000
        #expect(NodeState(node, overview) == .withoutEngine(60_000))
        node.workers = 0
        #expect(NodeState(node, overview) == .silent(60_000))
        node.lostAt = Self.now - 240_000
        node.disowned = 3
        #expect(NodeState(node, overview).cell == .init("lost 4m00s", .bad))
        node.workers = 1
        #expect(NodeState(node, overview).cell == .init("returning: 3 games to stop", .notable))
        #expect(NodeState(node, overview).word == "returning")
    }

    @Test("Without workers the page says so before all else")
    func noWorkers() {
        #expect(Self.page(0).lines(on: .plain)[2] == "no worker lives: nothing is taken")
        #expect(!Self.page(1).lines(on: .plain).joined(by: "").text.contains("no worker lives"))
    }

    @Test("In JSON every value has a name")
    func json() {
        let text = Self.page(1).json.text
        for part in [
            #""now":"2026-01-01T00:00:00.000Z""#, #""queue":"queue-0","waiting":12345"#, #""state":"up""#,
            #""nodes_known":1"#, #""job_id":"job-0-"#, #""container_id":"c-game-0","state":"healthy""#,
        ] { #expect(text.contains(part), "\(part) in \(text)") }
    }
}
