import JobContract
import Observability
import QueueAdmin
import Support
import Testing

@testable import AdminServer

@Suite("The data for programs", .timeLimit(.minutes(1)))
struct DataRequestTests {
    private static func problem(_ path: String, _ query: String = "") -> DataProblem? {
        do throws(DataProblem) {
            _ = try DataRequest(path: "/api/v1/" + path, query: query)
            return nil
        } catch {
            return error
        }
    }

    @Test("has the addresses of the pages, with a limit")
    func addresses() throws {
        #expect(try DataRequest(path: "/api/v1/overview", query: "") == DataRequest(route: .overview))
        #expect(try DataRequest(path: "/api/v1/games/a%2Fb", query: "") == DataRequest(route: .game("a/b")))
        let words = try DataRequest(path: "/api/v1/words", query: "limit=1000")
        #expect(words == DataRequest(route: .words, limit: 1_000))
        var choice = JobChoice()
        choice.state = "dead"
        let jobs = try DataRequest(path: "/api/v1/jobs", query: "state=dead&game=&limit=&after=")
        #expect(jobs == DataRequest(route: .jobs(choice)))
    }

    @Test(
        "names the parameter with a wrong value, and the allowed values",
        arguments: [
            ("jobs", "state=foo", "state must be retrying, running, waiting or dead, not foo"),
            ("jobs", "limit=abc", "limit must be a whole number from 1 to 1000, not abc"),
            ("games", "limit=0", "limit must be a whole number from 1 to 1000, not 0"),
            ("games", "limit=-5", "limit must be a whole number from 1 to 1000, not -5"),
            ("workers", "limit=1001", "limit must be a whole number from 1 to 1000, not 1001"),
            (
                "jobs", "after=x",
                "after must be a position of the same state, from next or previous of an answer, not x"
            ),
            (
                "jobs", "state=running&before=dead:17-0",
                "before must be a position of the same state, from next or previous of an answer, not dead:17-0"
            ),
            ("dead", "before=x", "before must be the id of an entry, such as 1700000000000-0, not x"),
            ("audit", "after=17", "after must be the id of an entry, such as 1700000000000-0, not 17"),
        ]
    )
    func wrong(_ path: String, _ query: String, _ reason: String) {
        #expect(Self.problem(path, query) == DataProblem(.wrongRequest, reason))
    }

    @Test(
        "names the addresses, if there is no data at one",
        arguments: ["", "nothing", "games/a/b", "jobs/a/b/c", "dead/1"]
    )
    func missing(path: String) {
        let problem = Self.problem(path)
        #expect(problem?.kind == .missing)
        #expect(problem?.reason.hasPrefix("there is no data at /api/v1/\(path); /api/v1/ has overview, games,") == true)
    }

    @Test("comes with an error as JSON, and its status")
    func statuses() async throws {
        let metrics = PrometheusRegistry()
        let server = AdminServer(host: "127.0.0.1", port: 0, metrics: metrics, logger: .silent) {
            Readiness(checks: [])
        } console: { request in
            switch request {
            case .data(let request) where request.route == .game("g\"1"): .noData(.unknown("game", "g\"1"))
            case .data(let request) where request.route == .words: .noData(DataProblem(.unavailable, "no answer"))
            case .data: .json("{}")
            default: .page("page")
            }
        }
        let expected = [
            ("/api/v1/jobs?limit=5", "200", "{}"),
            ("/api/v1/jobs?state=%3Cb%3E", "400", "{\"error\":\"state must be retrying,"),
            ("/api/v1/games/g%221", "404", "{\"error\":\"game g\\\"1 is not known: it never was,"),
            ("/api/v1/words", "503", "{\"error\":\"no answer\"}"), ("/api/v1", "404", "{\"error\":\"there is no data"),
            ("/api/v1/nothing", "404", "{\"error\":\"there is no data"),
            ("/api/v1/a/b/c/d", "404", "{\"error\":\"there is no data at /api/v1/a/b/c/d;"),
        ]
        try await server.whileRunning { port in
            let caller = Server(port: port, metrics: metrics)
            for (path, status, text) in expected {
                let answer = try await caller.answer(to: path)
                #expect(answer.hasPrefix("HTTP/1.1 \(status) "), "\(path): \(answer)")
                #expect(answer.contains("\r\n\r\n" + text), "\(path): \(answer)")
                #expect(answer.lowercased().contains("content-type: application/json; charset=utf-8"), "\(answer)")
            }
        }
    }
}
