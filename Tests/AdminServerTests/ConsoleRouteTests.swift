import JobContract
import QueueAdmin
import Terminal
import Testing

@testable import AdminServer

@Suite("Addresses of the console")
struct ConsoleRouteTests {
    private static func route(_ address: String) -> ConsoleRoute? {
        let parts = address.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let path = parts[0].split(separator: "/").compactMap { PercentText.decoded($0) }
        var query: [String: String] = [:]
        for pair in (parts.count > 1 ? parts[1] : "").split(separator: "&") {
            let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            query[String(sides[0])] = PercentText.decoded(sides.count > 1 ? sides[1] : "", plusIsSpace: true)
        }
        return ConsoleRoute(path: path) { query[$0] }
    }

    @Test(
        "lead to their pages, whatever the names hold",
        arguments: ["g1", "a/b", "a?b&c=d", "a%2Fb", "100%", "ü 日本", "\"<script>'&", "a+b", "a#b", "a;b", "a:b"]
    )
    func roundTrip(name: String) {
        let routes: [ConsoleRoute] = [
            .game(GameID(name)), .job(JobID(name)), .node(NodeID(name)), .games(search: name, page: 3),
            .games(search: name, page: 1), .dead(DeadPage(filter: DeadFilter(code: name, queue: name))),
        ]
        for route in routes {
            #expect(Self.route(route.address) == route)
            #expect(route.address.utf8.allSatisfy { $0 > 32 && $0 < 127 && !"\"'<>\\".utf8.contains($0) })
        }
    }

    @Test("of the menu lead to their pages, each under its own entry only", arguments: ConsoleRoute.menu)
    func menu(route: ConsoleRoute) {
        #expect(Self.route(route.address) == route)
        #expect(ConsoleRoute.menu.filter { route.isUnder($0) } == [route])
    }

    @Test("that name no page have none", arguments: ["/x", "/games/a/b", "/dead/1", "/groups/x", "/jobs/a/b"])
    func unknown(address: String) { #expect(Self.route(address) == nil) }

    @Test("hold no name above 200 bytes, and cut a searched text")
    func long() {
        let name = String(repeating: "a", count: 201)
        #expect(Self.route("/games/\(name)") == nil)
        guard case .games(let search, _)? = Self.route("/games?q=\(name)") else { return #expect(Bool(false)) }
        #expect(search.utf8.count <= 200)
    }

    @Test(
        "with a page or an entry that is none lead to the first page",
        arguments: ["/games?page=0", "/games?page=-3", "/games?page=x", "/games?page=99999999999999999999"]
    )
    func pages(address: String) { #expect(Self.route(address) == .games(search: "", page: 1)) }

    @Test("name an entry of the dead letters only if it is one")
    func entries() {
        #expect(Self.route("/dead?before=17-0") == .dead(DeadPage(before: "17-0")))
        for text in ["17", "17-", "-", "a-b", "17-0-1", "%2B"] {
            #expect(Self.route("/dead?before=\(text)") == .dead(DeadPage()))
        }
    }

    @Test("of a part of a list keep the filters", arguments: ["before", "after"])
    func parts(word: String) {
        let id = String(repeating: "a", count: 128)
        for text in [
            "running:17:\(id)", "queued:\(id)/\(String(repeating: "q", count: 200))", "dead:17-0", "waiting::a",
        ] {
            guard let position = JobPosition(text) else { return #expect(Bool(false)) }
            var choice = JobChoice { ["game": "g*", "queue": "a b", "code": "timeout"][$0] }
            choice = choice.with(word == "after" ? .after(position) : .before(position))
            #expect(choice.state == position.state.rawValue)
            #expect(Self.route(ConsoleRoute.jobs(choice).address) == .jobs(choice))
        }
        let part = word == "after" ? StreamPart.after("17-0") : .before("17-0")
        #expect(Self.route("/audit?\(word)=17-0") == .audit(part))
        #expect(Self.route(ConsoleRoute.audit(part).address) == .audit(part))
        #expect(Self.route("/audit?\(word)=x") == .audit(.latest))
    }

    @Test("name a position only if it is one of the chosen state")
    func positions() {
        #expect(Self.route("/jobs?after=x") == .jobs(JobChoice()))
        let dead = Self.route("/jobs?state=dead")
        #expect(Self.route("/jobs?state=dead&after=running:1:a") == dead)
        #expect(Self.route("/jobs?before=dead:1-0") == .jobs(JobChoice().with(.before(.dead(entry: "1-0")))))
    }

    @Test("with wrong percent signs are no text", arguments: ["%", "%1", "%zz", "%+1", "%ff", "a%e4"])
    func percent(text: String) { #expect(PercentText.decoded(Substring(text)) == nil) }
}
