import JobContract
import Primitives
import QueueAdmin
import Synchronization
import Terminal
import Testing

@testable import AdminServer
@testable import Pages

@Suite("The console of a worker", .timeLimit(.minutes(1)))
struct ConsoleTests {
    private struct Broken: Error, CustomStringConvertible { let description = "refused <b>" }

    /// A reader of pages that never were in Redis.
    private struct Reader: ConsoleReading {
        var read: @Sendable (ConsoleRoute) async throws -> ConsoleContent
        var find: @Sendable (String) async throws -> ConsoleRoute

        func content(of route: ConsoleRoute) async throws -> ConsoleContent { try await read(route) }
        func json(of route: ConsoleRoute, limit: Int) async throws -> String {
            _ = try await read(route)
            return "{\"limit\":\(limit)}"
        }
        func route(for text: String) async throws -> ConsoleRoute { try await find(text) }
    }

    private static func console(
        read: @escaping @Sendable (ConsoleRoute) async throws -> ConsoleContent,
        find: @escaping @Sendable (String) async throws -> ConsoleRoute = { .job(JobID($0)) },
        perform: @escaping @Sendable (ConsoleAction, Person) async -> ActionOutcome = { _, _ in ActionOutcome(lines: [])
        }
    ) -> Console {
        let dashboard = Dashboard {
            DashboardLook(status: StatusPage(title: "the overview", overview: FleetOverview()))
        }
        return Console(worker: "w<1>", dashboard: dashboard, reader: Reader(read: read, find: find), perform: perform)
    }

    private static let viewer = Viewer(access: .act, name: "a<b>", formSecret: "s3cret")

    private static let none = Readiness(checks: [])

    @Test("shows a page in its frame, and says 404 of what is not known")
    func pages() async {
        let console = Self.console { route in
            route == .jobs(JobChoice()) ? ConsoleContent([.note("a <b>", .bad)]) : .unknown("game", "g<1>")
        }
        guard case .page(let jobs) = await console.answer(.page(.jobs(JobChoice()), Viewer()), Self.none) else {
            return #expect(Bool(false))
        }
        #expect(jobs.contains("<p class=\"bad\">a &lt;b&gt;</p>") && jobs.contains("worker w&lt;1&gt;"))
        #expect(jobs.contains("<a href=\"/jobs\" aria-current=\"page\">Jobs</a>"))
        #expect(jobs.contains("http-equiv=\"refresh\""))
        guard case .missing(let game) = await console.answer(.page(.game("g<1>"), Viewer()), Self.none) else {
            return #expect(Bool(false))
        }
        #expect(game.contains("game g&lt;1&gt; is not known") && game.contains("href=\"/games?q=g%3C1%3E\""))
        #expect(!game.contains("http-equiv=\"refresh\""))
        guard case .page(let overview) = await console.answer(.page(.overview, Viewer()), Self.none) else {
            return #expect(Bool(false))
        }
        #expect(overview.contains("the overview"))
    }

    @Test("says why Redis was not read")
    func broken() async {
        let console = Self.console { _ in
            throw Broken()
        } find: { _ in
            throw Broken()
        }
        for request in [ConsoleRequest.page(.nodes, Viewer()), .search("x", Viewer())] {
            guard case .unavailable(let page) = await console.answer(request, Self.none) else {
                return #expect(Bool(false))
            }
            #expect(page.contains("Redis was not read: refused &lt;b&gt;"))
        }
    }

    @Test("leads a search to what was found, and an empty one to all games")
    func search() async {
        let console = Self.console { _ in ConsoleContent([]) }
        #expect(await console.answer(.search("j1", Viewer()), Self.none) == .redirect(.job("j1")))
        #expect(await console.answer(.search("", Viewer()), Self.none) == .redirect(.games(search: "", page: 1)))
    }

    @Test("reads four pages at a time, and refuses a fifth at once")
    func bound() async {
        let gate = AsyncStream<Void>.makeStream()
        let begun = Mutex(0)
        let console = Self.console { _ in
            begun.withLock { $0 += 1 }
            for await _ in gate.stream {}
            return ConsoleContent([])
        }
        await withTaskGroup(of: ConsoleAnswer.self) { group in
            for _ in 0..<4 { group.addTask { await console.answer(.page(.nodes, Viewer()), Self.none) } }
            while begun.withLock({ $0 }) < 4 { await Task.yield() }
            guard case .unavailable(let page) = await console.answer(.page(.nodes, Viewer()), Self.none) else {
                gate.continuation.finish()
                return #expect(Bool(false))
            }
            #expect(page.contains("others read at the moment"))
            gate.continuation.finish()
            for await answer in group {
                guard case .page = answer else { return #expect(Bool(false)) }
            }
        }
        guard case .page = await console.answer(.page(.nodes, Viewer()), Self.none) else { return #expect(Bool(false)) }
    }

    @Test("asks before an action, in a form with the person's secret, and says what has come of it")
    func acting() async {
        let done = Mutex<[ConsoleAction]>([])
        let console = Self.console { _ in
            ConsoleContent([])
        } perform: { action, person in
            done.withLock { $0.append(action) }
            var outcome = ActionOutcome(lines: ["\(person.name) did it"])
            outcome.job = "j<1>"
            return outcome
        }
        let action = ConsoleAction.stop("g<1>")
        guard case .page(let question) = await console.answer(.confirm(action, Self.viewer), Self.none) else {
            return #expect(Bool(false))
        }
        for text in [
            "<h1>Stop game g&lt;1&gt;?</h1>", "name=\"secret\" value=\"s3cret\"", "name=\"do\" value=\"stop\"",
            "name=\"target\" value=\"g&lt;1&gt;\"", "SIGTERM", "signed in as a&lt;b&gt;", "href=\"/games/g%3C1%3E\"",
        ] {
            #expect(question.contains(text), "\(text) in \(question)")
        }
        #expect(done.withLock { $0.isEmpty } && !question.contains("data-live"))
        let person = Person(name: "ann", address: "::1")
        guard case .page(let page) = await console.answer(.act(action, Self.viewer, person), Self.none) else {
            return #expect(Bool(false))
        }
        #expect(page.contains("<p class=\"good\">ann did it</p>") && page.contains("href=\"/jobs/j%3C1%3E\""))
        #expect(done.withLock { $0 } == [action])
    }

    @Test("has buttons only for people who may act")
    func buttons() async {
        let console = Self.console { _ in
            ConsoleContent([.actions([.change(.drain(node: "n"))]), .named("q", [.change(.pause(queue: "q"))])])
        }
        guard case .page(let read) = await console.answer(.page(.nodes, Viewer()), Self.none),
            case .page(let act) = await console.answer(.page(.nodes, Self.viewer), Self.none)
        else { return #expect(Bool(false)) }
        #expect(!read.contains("/act?") && act.contains("href=\"/act?do=drain&amp;target=n\""))
        #expect(act.contains("href=\"/act?do=pause&amp;target=q\""))
    }

    @Test("reads a watched page once for all who watch it, and says so when it cannot")
    func watched() async {
        let reads = Mutex(0)
        let console = Self.console { _ in
            if reads.withLock({
                $0 += 1; return $0
            }) > 1 {
                throw Broken()
            }
            return ConsoleContent([.note("watched", .plain)])
        }
        for _ in 0..<20 {
            #expect(await console.answer(.content(.nodes, Viewer()), Self.none) == .page("<p>watched</p>"))
        }
        #expect(reads.withLock { $0 } == 1)
        let answer = await console.answer(.content(.groups, Viewer()), Self.none)
        #expect(answer == .stale(nil, Staleness(.redisAway, "Redis was not read: refused <b>")))
    }

    @Test("never calls the overview live while Redis is away, nor any page whose read failed")
    func stale() async {
        let now = Timestamp(millisecondsSinceEpoch: 1_767_225_600_000)
        var overview = FleetOverview()
        overview.now = now.millisecondsSinceEpoch
        let look = DashboardLook(status: StatusPage(title: "kept", overview: overview))
        let away = DashboardPage(readiness: Self.none, look: look, problem: "no connection").content
        #expect(away.staleness == Staleness(.redisAway, "Redis was not read: no connection", readAt: now))
        #expect(DashboardPage(readiness: Self.none, look: look).content.staleness == nil)
        let broken = Console(
            worker: "w",
            dashboard: Dashboard { throw Broken() },
            reader: Reader(read: { _ in throw Dashboard.NotRead.yet }, find: { .job(JobID($0)) }),
            perform: { _, _ in ActionOutcome(lines: []) }
        )
        guard case .stale(_?, let staleness) = await broken.answer(.content(.overview, Viewer()), Self.none) else {
            return #expect(Bool(false))
        }
        #expect(staleness.cause == .redisAway && staleness.readAt == nil)
        let first = await broken.answer(.content(.queues, Viewer()), Self.none)
        #expect(first == .stale(nil, Staleness(.busy, "Redis is being read for the first time")))
        guard case .unavailable(let page) = await broken.answer(.page(.queues, Viewer()), Self.none),
            case .page(let shown) = await Self.console(read: { _ in ConsoleContent([]) })
                .answer(.page(.queues, Viewer()), Self.none)
        else { return #expect(Bool(false)) }
        #expect(!page.contains(" data-read") && shown.contains(" data-read"))
    }

    @Test("shows a list of all games that was just read, and reads other pages anew")
    func recent() async {
        let reads = Mutex<[String]>([])
        let console = Self.console { route in
            reads.withLock { $0.append(route.address) }
            return ConsoleContent([.note("read", .plain)])
        }
        let games = ConsoleRoute.games(search: "", page: 1)
        for route in [games, games, .nodes, .nodes] {
            guard case .page(let page) = await console.answer(.page(route, Viewer()), Self.none) else {
                return #expect(Bool(false))
            }
            #expect(page.contains("<p>read</p>"))
        }
        #expect(reads.withLock { $0 } == ["/games", "/nodes", "/nodes"])
    }

    @Test("gives programs the data of a page")
    func data() async {
        let console = Self.console { _ in ConsoleContent([]) }
        #expect(await console.answer(.data(DataRequest(route: .nodes, limit: 7)), Self.none) == .json("{\"limit\":7}"))
    }
}
