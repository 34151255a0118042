import JobContract
import QueueAdmin
import Synchronization
import Terminal
import Testing

@testable import AdminServer
@testable import Pages

@Suite("The console of a worker", .timeLimit(.minutes(1)))
struct ConsoleTests {
    private struct Broken: Error, CustomStringConvertible { let description = "refused <b>" }

    private static func console(
        read: @escaping @Sendable (ConsoleRoute) async throws -> ConsoleContent,
        find: @escaping @Sendable (String) async throws -> ConsoleRoute = { .job(JobID($0)) }
    ) -> Console {
        let dashboard = Dashboard(worker: "w") {
            DashboardLook(status: StatusPage(title: "the overview", overview: FleetOverview()))
        }
        return Console(worker: "w<1>", dashboard: dashboard, read: read, find: find)
    }

    private static let none = Readiness(checks: [])

    @Test("shows a page in its frame, and says 404 of what is not known")
    func pages() async {
        let console = Self.console { route in
            route == .jobs ? ConsoleContent([.note("a <b>", .bad)]) : .unknown("game", "g<1>")
        }
        guard case .page(let jobs) = await console.answer(.page(.jobs), Self.none) else {
            return #expect(Bool(false))
        }
        #expect(jobs.contains("<p class=\"bad\">a &lt;b&gt;</p>") && jobs.contains("worker w&lt;1&gt;"))
        #expect(jobs.contains("<a href=\"/jobs\" aria-current=\"page\">Jobs</a>"))
        #expect(jobs.contains("http-equiv=\"refresh\""))
        guard case .missing(let game) = await console.answer(.page(.game("g<1>")), Self.none) else {
            return #expect(Bool(false))
        }
        #expect(game.contains("game g&lt;1&gt; is not known") && game.contains("href=\"/games?q=g%3C1%3E\""))
        #expect(!game.contains("http-equiv=\"refresh\""))
        guard case .page(let overview) = await console.answer(.page(.overview), Self.none) else {
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
        for request in [ConsoleRequest.page(.nodes), .search("x")] {
            guard case .unavailable(let page) = await console.answer(request, Self.none) else {
                return #expect(Bool(false))
            }
            #expect(page.contains("Redis was not read: refused &lt;b&gt;"))
        }
    }

    @Test("leads a search to what was found, and an empty one to all games")
    func search() async {
        let console = Self.console { _ in ConsoleContent([]) }
        #expect(await console.answer(.search("j1"), Self.none) == .redirect(.job("j1")))
        #expect(await console.answer(.search(""), Self.none) == .redirect(.games(search: "", page: 1)))
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
            for _ in 0..<4 { group.addTask { await console.answer(.page(.nodes), Self.none) } }
            while begun.withLock({ $0 }) < 4 { await Task.yield() }
            guard case .unavailable(let page) = await console.answer(.page(.nodes), Self.none) else {
                gate.continuation.finish()
                return #expect(Bool(false))
            }
            #expect(page.contains("others read at the moment"))
            gate.continuation.finish()
            for await answer in group {
                guard case .page = answer else { return #expect(Bool(false)) }
            }
        }
        guard case .page = await console.answer(.page(.nodes), Self.none) else { return #expect(Bool(false)) }
    }
}
