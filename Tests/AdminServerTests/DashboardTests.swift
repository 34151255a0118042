import QueueAdmin
import Diagnostics
import JobContract
import JobQueue
import RuntimeClient
import Synchronization
import Testing

@testable import AdminServer
@testable import Pages
@testable import Terminal

@Suite("The dashboard of a worker")
struct DashboardTests {
    private static let now: Int64 = 1_767_225_600_000
    private static let evil = #"<script>alert("x")</script>&'"# + "\u{1B}\u{202E}"

    /// A deployment in which every text is `text`.
    private static func look(_ text: String, _ size: Int = 1) -> DashboardLook {
        var overview = FleetOverview()
        overview.now = now
        overview.queues = (0..<size).map { _ in QueueOverview(name: text) }
        overview.nodes = (0..<size).map { _ in
            var node = NodeOverview(id: NodeID(text), seen: now)
            node.leader = text
            return node
        }
        overview.running = (0..<size).map { _ in
            var job = RunningJob(id: JobID(text))
            (job.kind, job.gameID, job.node) = (text, GameID(text), NodeID(text))
            return job
        }
        var look = DashboardLook(status: StatusPage(title: text, overview: overview))
        look.warnings = (0..<size).map { _ in .warning(text, text, mend: text) }
        look.results = (0..<size).map { number in
            result("\(now - Int64(number) * 100_000)-0", ["error": text, "game_id": text, "outcome": "failed"])
        }
        return look
    }

    private static func result(_ id: String, _ fields: [String: String]) -> StreamEntry {
        StreamEntry(stream: .results, id: id, fields: fields.merging(["job_id": "j", "kind": "start"]) { $1 })
    }

    private static func page(_ look: DashboardLook?, problem: String? = nil, worker: String = "w1") -> String {
        let checks = [
            Readiness.Check(name: "loop", holds: true, reason: "it takes jobs"),
            Readiness.Check(name: "docker", holds: false, reason: evil),
        ]
        return DashboardPage(readiness: Readiness(checks: checks), look: look, problem: problem).html(of: worker)
    }

    @Test("The longest wait is the time since the oldest push")
    func longestWait() {
        var overview = FleetOverview()
        overview.now = Self.now
        overview.queues = [90_000, 5_000].map { (age: Int64) in
            var queue = QueueOverview(name: "q\(age)")
            (queue.waiting, queue.oldest) = (1, Self.now - age)
            return queue
        }
        let html = Self.page(DashboardLook(status: StatusPage(title: "", overview: overview)))
        #expect(html.contains("<strong>1m30s</strong><span>longest wait</span>"), "\(html)")
    }

    @Test("Text is escaped for HTML, and cut")
    func escaping() {
        #expect(HTMLText.escape("a<b>&\"'") == "a&lt;b&gt;&amp;&quot;&#39;")
        #expect(HTMLText.escape("a\u{0}\n\u{202E}") == "a\\u0000\\n\\u202e")
        // One character, as people count, of a million scalars.
        let tower = "e" + String(repeating: "\u{301}", count: 1_000_000)
        #expect(HTMLText.escape(tower).utf8.count < 300)
    }

    @Test("Hostile texts add no tag to the page")
    func injection() {
        func tags(_ page: String) -> [String] {
            // The target of a link has letters, digits, `/`, `%` and `-._~` only.
            page.replacing(#/href="[\/a-zA-Z0-9%._~-]*"/#, with: "href")
                // A key is escaped text between quotes.
                .replacing(#/data-key="[^"<>]*"/#, with: "key").matches(of: #/<[^>]*>/#).map {
                    String($0.output)
                }
        }
        let page = Self.page(Self.look(Self.evil), problem: Self.evil, worker: Self.evil)
        #expect(tags(page) == tags(Self.page(Self.look("plain"), problem: "plain")))
        #expect(page.contains("&lt;script&gt;") && !page.unicodeScalars.contains("\u{1B}"))
    }

    @Test("The page needs nothing from elsewhere, refreshes itself, and has colours for dark and light")
    func alone() {
        let page = Self.page(Self.look("x"))
        for part in ["http-equiv=\"refresh\"", "<meta charset=\"utf-8\">"] { #expect(page.contains(part)) }
        #expect(ConsoleStyle.text.contains("prefers-color-scheme: dark"))
        for part in ["http:", "https:", "url(", "@import", "style="] {
            #expect(!page.contains(part) && !ConsoleStyle.text.contains(part), "\(part)")
        }
        for file in page.matches(of: #/src="([^"]*)"/#) { #expect(file.output.1.hasPrefix("/assets/")) }
        // Links lead to other pages of this server.
        for link in page.matches(of: #/<a [^>]*href="([^"]*)"/#) {
            #expect(link.output.1.hasPrefix("/") && !link.output.1.hasPrefix("//"))
        }
    }

    @Test("The page of a large deployment with long texts has a bounded size")
    func bounded() {
        let page = Self.page(Self.look(String(repeating: "\"", count: 10_000), 5_000))
        #expect(page.utf8.count < 4_000_000)
        for things in ["queues", "nodes", "running jobs"] { #expect(page.contains("4,901 more \(things)")) }
    }

    @Test("Results of the last minutes are counted, the others only listed")
    func results() {
        var look = Self.look("x", 5)
        look.results.insert(Self.result("\(Self.now)-1", ["outcome": "succeeded", "effect": "started"]), at: 0)
        let page = Self.page(look)
        #expect(page.contains("last 5 minutes: 1 succeeded, 4 did not<"), "\(page)")
        #expect(page.contains("6m40s"))
    }

    @Test("Before the first read of Redis and during an outage, the page shows the worker's own state")
    func withoutRedis() {
        let first = Self.page(nil, problem: "no connection")
        #expect(first.contains("loop: it takes jobs") && first.contains("Redis was not read: no connection<"))
        let later = Self.page(Self.look("kept"), problem: "no connection")
        #expect(later.contains("what follows was read before") && later.contains("kept"))
    }

    @Test("Many viewers cost one read of Redis; after a failed read the page keeps the last data")
    func cached() async {
        let reads = Mutex(0)
        let dashboard = Dashboard {
            reads.withLock { $0 += 1 }
            return Self.look("kept")
        }
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<50 { group.addTask { _ = await dashboard.content(Readiness(checks: [])).html } }
        }
        #expect(await dashboard.content(Readiness(checks: [])).html.contains("kept"))
        #expect(reads.withLock { $0 } == 1)
        let broken = Dashboard {
            reads.withLock { $0 += 1 }
            throw CommandError.failed("it is away")
        }
        for _ in 0..<3 { #expect(await broken.content(Readiness(checks: [])).html.contains("it is away")) }
        #expect(reads.withLock { $0 } == 2)
    }
}
