import Terminal
import Foundation
import JobContract
import JobQueue
import Primitives
import RuntimeClient
import Testing

@testable import AdminServer
@testable import Pages
@testable import QueueAdmin

@Suite("Pages of the console")
struct ConsoleContentTests {
    private static let now: Int64 = 1_767_225_600_000
    private static let evil = #"<script>alert("x")</script>&'"# + "\u{1B}\u{202E}"

    /// The field of a game as Redis has it.
    private static func game(_ id: String, _ state: String = "running", _ more: String = "") -> GameStatus? {
        GameStatus(
            GameID(id),
            #"{"state":"\#(state)","node":"n1","container_id":"c1","image":"i:1","job_id":"j1","#
                + #""since":"2025-12-31T23:59:00Z"\#(more)}"#
        )
    }

    private static func list(_ games: [GameStatus?]) -> GameList {
        var list = GameList()
        list.games = games.compactMap { $0 }
        return list
    }

    @Test("list games in trouble first, with the reason, and lead to the next page")
    func games() throws {
        let crashed = Self.game("z", "exited", #","reason":"crashed","exit_code":3"#)
        let stopped = Self.game("a", "exited", #","reason":"stopped","exit_code":0"#)
        let list = Self.list([Self.game("b"), stopped, crashed])
        let html = ConsoleContent.games(list, search: "", page: 1, size: 2, now: Self.now).html
        let z = try #require(html.range(of: ">z<")), a = try #require(html.range(of: ">a<"))
        #expect(z.lowerBound < a.lowerBound && !html.contains(">b<"))
        #expect(html.contains("<span class=\"bad\">exited: crashed, exit code 3</span>"))
        #expect(html.contains("3 games have a container: 1 running, 1 failed"))
        #expect(html.contains("<a href=\"/games?page=2\">next games</a>") && !html.contains("previous games"))
        let second = ConsoleContent.games(list, search: "", page: 2, size: 2, now: Self.now).html
        #expect(second.contains(">b<") && second.contains("previous games") && !second.contains("next games"))
    }

    @Test("say of a game on a lost node that nobody knows whether it runs, and what to do about the node")
    func lostNode() {
        var overview = FleetOverview()
        overview.now = Self.now
        var node = NodeOverview(id: "n1", seen: Self.now - 60_000)
        node.lostAt = node.seen
        overview.nodes = [node]
        let list = Self.list([Self.game("b"), Self.game("c", "exited", #","reason":"stopped""#)])
        let status = StatusPage(title: "", overview: overview)
        var detail = GameDetail(id: "b", now: Self.now)
        (detail.status, detail.place) = (list.games[0], overview)
        let nodes = overview.nodeStates
        let pages: [ConsoleContent] = [
            .game(GamePage(detail: detail)), .node("n1", status, list),
            .games(list, search: "", page: 1, size: 2, now: Self.now, nodes: nodes),
        ]
        for html in pages.map(\.html) {
            #expect(html.contains("<span class=\"bad\">running (node lost)</span>"), "\(html)")
            #expect(!html.contains("exited: stopped (node lost)") && !html.contains(">running</span>"), "\(html)")
        }
        #expect(pages[1].html.contains("<code>rtmanager node forget n1</code>"))
        overview.nodes[0].lostAt = nil
        let silent = ConsoleContent.node("n1", StatusPage(title: "", overview: overview), list).html
        #expect(!silent.contains("node forget") && silent.contains("node drain n1 --wait"))
    }

    @Test("of a node name its machine first, and lists of nodes beside the node")
    func host() throws {
        let id = Array(repeating: "OY67", count: 12).joined(separator: ":")
        var overview = FleetOverview()
        (overview.now, overview.nodeCount) = (Self.now, 1)
        var node = NodeOverview(id: NodeID(id), seen: Self.now)
        node.host = "galaxy-7"
        overview.nodes = [node]
        let status = StatusPage(title: "", overview: overview)
        let html = ConsoleContent.node(NodeID(id), status, GameList()).html
        #expect(html.hasPrefix("<dl>\n<dt>host</dt><dd><span>galaxy-7</span></dd>"), "\(html)")
        #expect(html.contains("<span>\(id)</span>"))
        #expect(status.nodes.columns.prefix(2).map(\.heading) == ["NODE", "HOST"])
        #expect(status.nodes.rows[0].prefix(2).map(\.text) == ["OY67:OY67…", "galaxy-7"])
    }

    @Test("of dead letters have one line of filters, and then the table")
    func deadFilters() {
        let letters = ["timeout", "poisoned", "timeout"].map { code in
            DeadLetter(
                entry: "1-0",
                jobID: "j",
                run: 1,
                queue: "default",
                errorCode: code,
                error: "",
                message: [],
                size: 0,
                diedAt: ""
            )
        }
        let all = ConsoleContent.dead(letters, DeadPage(), size: 5)
        guard case .filter(let route, let fields) = all.blocks[0], case .choices = all.blocks[1] else {
            return #expect(Bool(false), "\(all.blocks)")
        }
        #expect(route.address == "/dead" && fields.map(\.name) == ["code", "queue"])
        #expect(fields.map(\.options) == [["", "poisoned", "timeout"], ["", "default"]])
        #expect(all.html.components(separatedBy: "<a href=\"/dead").count == 1)
        #expect(ConsoleContent.short("f0a1b2c3-0000-0000-0000-000000000000") == "f0a1b2c3")
        #expect(ConsoleContent.short("invalid:" + String(repeating: "ab", count: 20)) == "invalid:abababab…")
        #expect(ConsoleContent.short("invalid:x") == "invalid:x")
        // A chosen code stays in the line, so that a person can leave it again.
        let none = ConsoleContent.dead([], DeadPage(filter: DeadFilter(code: "gone")), size: 5).html
        #expect(
            none.contains("<option value=\"gone\" selected>gone</option>") && none.contains("<option value=\"\">all")
        )
    }

    @Test("of jobs say which nodes a text may mean, and lead to the jobs of each")
    func ambiguousNode() {
        let choice = JobChoice { $0 == "node" ? "node" : nil }
        let named = NamedNode("node", ["node-1", "node-2"])
        let html = ConsoleContent.jobs(JobListPage(JobList()), choice, named, sums: "").html
        #expect(html.contains("node names more than one node: node-1, node-2; give more characters"))
        #expect(html.contains("<a href=\"/jobs?node=node-2\">jobs of node node-2</a>"), "\(html)")
        let page = ConsoleContent.unknownNode(named)
        #expect(page.isMissing && page.html.contains("<a href=\"/nodes/node-1\">node node-1</a>"))
        #expect(ConsoleContent.unknownNode(NamedNode("nodes", [])).html.contains("node nodes is not known"))
        #expect(choice.filter(of: "node-1").node == "node-1" && JobChoice().filter(of: "node-1").node == nil)
    }

    @Test("say that nothing was found")
    func empty() {
        let html = ConsoleContent.games(GameList(), search: "<x>", page: 1, size: 2, now: Self.now).html
        #expect(html.contains("no games") && html.contains("\u{201C}&lt;x&gt;\u{201D}"))
        #expect(ConsoleContent.dead([], DeadPage(), size: 5).html == "<p class=\"dim\">no dead letters</p>")
        #expect(ConsoleContent.groups([], nil, now: Self.now).html.contains("no consumer groups"))
    }

    @Test("of a game have its facts, the commands to type next, and its history with links")
    func game() {
        var detail = GameDetail(id: "g1", now: Self.now)
        detail.status = Self.game("g1", "running", #","engine_endpoint":"http://x:9000""#)
        detail.owner = "n2"
        detail.behind = ["j7"]
        detail.behindCount = 22
        var history = StreamSearch()
        let fields = ["job_id": "j1", "game_id": "g1", "kind": "start", "outcome": "succeeded", "effect": "started"]
        history.found = [StreamEntry(stream: .results, id: "\(Self.now - 5_000)-0", fields: fields)]
        let html = ConsoleContent.game(GamePage(detail: detail, history: history)).html
        for text in [
            "http://x:9000", "1m00s ago", "<a href=\"/nodes/n1\">", "<a href=\"/jobs/j7\">", "21 more jobs",
            "<code>docker logs c1   # on node n1</code>", "<code>rtmanager stop g1 --wait</code>",
            "<a href=\"/jobs/j1\"><span>j1</span></a>", "belongs to",
        ] {
            #expect(html.contains(text), "\(text) in \(html)")
        }
        #expect(ConsoleContent.game(GamePage(detail: GameDetail(id: "g1", now: Self.now))).isMissing)
    }

    @Test("of a game whose only job lies in a queue lead to the job")
    func queuedGame() {
        let place = QueuedMessage(queue: "default", before: 0, message: [])
        let queued = QueuedJob(id: "j1", gameID: "g1", kind: .start, place: place)
        let content = ConsoleContent.game(GamePage(detail: GameDetail(id: "g1", now: Self.now), queued: queued))
        #expect(!content.isMissing && content.html.contains("<a href=\"/jobs/j1\""), "\(content.html)")
        #expect(!content.html.contains("rtmanager start"))
    }

    @Test("of a search for games show jobs, if no such game has a container")
    func searchedJobs() {
        var jobs = JobList()
        var detail = JobDetail(id: "j1", fields: ["state": "waiting", "game_id": "web-1"], now: 0)
        detail.before = 0
        jobs.jobs = [ListedJob(detail, .waiting)]
        let html = ConsoleContent.games(GameList(), jobs, search: "web", page: 1, size: 2, now: Self.now).html
        #expect(html.contains("Jobs of games with \u{201C}web\u{201D}") && html.contains("/jobs/j1"), "\(html)")
    }

    @Test("of jobs lead to the parts around theirs, with the same filters")
    func parts() {
        var list = JobList()
        list.jobs = [("a", Int64(5)), ("b", 7)].map { id, time in
            var detail = JobDetail(id: JobID(id), fields: ["state": "retrying"], now: 0)
            detail.due = time
            return ListedJob(detail, .retrying)
        }
        list.more = [.retrying, .dead]
        let choice = JobChoice { $0 == "game" ? "g*" : nil }
        let begin = ConsoleContent.jobs(JobListPage(list), choice, sums: "").html
        let link = "<a href=\"/jobs?state=retrying&amp;game=g%2A&amp;after=retrying%3A7%3Ab\">"
        #expect(begin.contains(link + "retrying jobs with later attempts</a>"), "\(begin)")
        #expect(!begin.contains("first page") && !begin.contains("before="))
        list.hasMoreBefore = true
        let part = choice.with(.after(.admitted(.retrying, at: 4, "z")))
        let later = ConsoleContent.jobs(JobListPage(list), part, sums: "").html
        #expect(later.contains("before=retrying%3A5%3Aa\">retrying jobs with earlier attempts</a>"), "\(later)")
        #expect(later.contains("<a href=\"/jobs?state=retrying&amp;game=g%2A\">first page</a>"))
    }

    @Test("of consumer groups say what each is about to lose")
    func groups() {
        func html(_ lag: Int?, _ oldest: Int64?, hasLost: Bool = false) -> String {
            let group = StreamGroup(
                stream: "results",
                name: "gm",
                pending: 0,
                lag: lag,
                oldestNeeded: oldest,
                hasLost: hasLost
            )
            let retention = StreamRetention(entries: 1_000, age: 600_000)
            return ConsoleContent.groups([group], retention, now: Self.now).html
        }
        #expect(html(0, nil).contains(">nothing<") && html(0, nil).contains("complete"))
        #expect(html(10, Self.now - 1_000).contains("10 entries, the oldest in 9m59s or after 990 further entries"))
        let near = html(600, Self.now - 1_000)
        #expect(near.contains("<span class=\"notable\">will lose entries</span>"), "\(near)")
        #expect(html(1, Self.now - 300_000).contains("will lose entries"))
        #expect(html(1, Self.now - 600_000).contains("the oldest at the next trimming"))
        let unknown = html(nil, Self.now - 1_000)
        #expect(unknown.contains("unknown: Redis cannot count the entries, the oldest in 9m59s"), "\(unknown)")
        #expect(html(3, Self.now, hasLost: true).contains("has lost entries"))
    }

    @Test("of queues name a queue without a worker, and the command to type")
    func unservedQueue() {
        var overview = FleetOverview()
        var (served, mistyped) = (QueueOverview(name: "default"), QueueOverview(name: "defualt"))
        (served.workers, mistyped.waiting) = (1, 12)
        overview.queues = [served, mistyped]
        let html = ConsoleContent.queues(StatusPage(title: "", overview: overview)).html
        #expect(html.contains("no worker serves this queue: defualt (12 messages)"), "\(html)")
        #expect(html.contains("rtmanager queue move defualt default"), "\(html)")
        overview.queues[1].waiting = 0
        #expect(!ConsoleContent.queues(StatusPage(title: "", overview: overview)).html.contains("queue move"))
    }

    @Test("of the audit lead to newer and older entries")
    func audit() {
        let entries = [3, 2, 1].map { number in
            var entry = AuditEntry(who: "", address: "", worker: "", action: "", target: "", outcome: "")
            entry.entry = "\(number)-0"
            return entry
        }
        func page(_ part: StreamPart, size: Int) -> AuditPage { AuditPage(entries, part, size: size) }
        #expect(page(.latest, size: 3).older == nil && page(.latest, size: 3).newer == nil)
        #expect(page(.latest, size: 2).older == .before("2-0"))
        let after = page(.after("0-0"), size: 2)
        #expect(after.entries.map(\.entry) == ["2-0", "1-0"])
        #expect(after.newer == .after("2-0") && after.older == .before("1-0"))
        let before = page(.before("4-0"), size: 2)
        #expect(before.newer == .after("3-0") && before.older == .before("2-0"))
        let html = ConsoleContent.audit(entries, .before("4-0"), size: 2, now: 0).html
        #expect(html.contains("<a href=\"/audit?after=3-0\">newer actions</a>") && html.contains("older actions"))
        #expect(AuditPage([], .after("1-0"), size: 2).newer == nil)
    }

    @Test("read slowly are kept longer")
    func freshness() {
        let (now, content) = (ContinuousClock.now, ConsoleContent([]))
        var recent = RecentContents()
        recent.keep(content, of: .queues, took: .seconds(2), now: now)
        recent.keep(content, of: .nodes, took: .zero, now: now)
        #expect(recent.content(of: .nodes, now: now.advanced(by: .seconds(4))) == nil)
        #expect(recent.content(of: .queues, now: now.advanced(by: .seconds(19))) != nil)
        #expect(recent.content(of: .queues, now: now.advanced(by: .seconds(20))) == nil)
    }

    @Test("show hostile text as text")
    func hostile() {
        let evil = Self.evil
        var detail = GameDetail(id: GameID(evil), now: Self.now)
        detail.owner = NodeID(evil)
        detail.behind = [JobID(evil)]
        let job = JobDetail(id: JobID(evil), fields: ["kind": evil, "game_id": evil, "_error": evil], now: Self.now)
        let letter = DeadLetter(
            entry: evil,
            jobID: JobID(evil),
            run: 1,
            queue: evil,
            errorCode: evil,
            error: evil,
            message: [],
            size: 0,
            diedAt: evil
        )
        let group = StreamGroup(
            stream: evil,
            name: evil,
            pending: 1,
            lag: 1,
            oldestNeeded: nil,
            hasLost: true
        )
        let status = StatusPage(title: "", overview: FleetOverview())
        let pages: [ConsoleContent] = [
            .game(GamePage(detail: detail)), .jobs(JobListPage(JobList()), JobChoice { _ in evil }, sums: evil),
            .dead([letter], DeadPage(), size: 1),
            .groups([group], nil, now: 0),
            .unknown("job", evil), .job(JobID(evil), JobPage(id: JobID(evil), sight: job), now: Self.now),
            .node(NodeID(evil), status, GameList()), .games(GameList(), search: evil, page: 1, size: 1, now: Self.now),
        ]
        for page in pages {
            let html = page.html
            #expect(html.contains("&lt;script&gt;"), "\(html)")
            #expect(!html.contains("<script") && !html.contains("\u{1B}") && !html.contains("\u{202E}"), "\(html)")
        }
    }

    @Test("keep a field of a game only if it is one", arguments: ["", "{}", "[]", "x", #"{"state":"running"}"#])
    func fields(text: String) { #expect(GameStatus("g", text) == nil) }

    @Test("call a game failed if nobody asked for its end")
    func failed() {
        func hasFailed(_ reason: String) -> Bool? { Self.game("g", "exited", #","reason":"\#(reason)""#)?.hasFailed }
        for reason in ["crashed", "oom_killed", "killed", "node_lost"] { #expect(hasFailed(reason) == true) }
        for reason in ["stopped", "stopped_forced", "completed"] { #expect(hasFailed(reason) == false) }
        #expect(Self.game("g")?.hasFailed == false)
    }
}
