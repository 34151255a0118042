import Foundation
import JobContract
import Redis
import Support
import Testing

extension Deployment {
    @Suite("The console of a worker", .engineWorld, .timeLimit(.minutes(5)))
    struct ConsoleTests {
        /// A part of a list of jobs.
        private struct Part: Decodable, Sendable {
            struct Job: Decodable, Sendable { var job_id: String }
            var jobs: [Job]
            var next: [String]
        }

        /// The console of a fleet's worker.
        private struct Browser: Sendable {
            let address: String

            /// Returns the status, the target of a redirect, and the page.
            func get(_ path: String) async throws -> (status: Int, target: String, page: String) {
                let text = try await Tool.run([
                    "curl", "--silent", "--max-time", "10", "--write-out", "\n%{http_code} %{redirect_url}",
                    address + path,
                ])
                let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
                let end = (lines.last ?? "").split(separator: " ", omittingEmptySubsequences: false)
                let target = end.count > 1 ? String(end[1].dropFirst(address.count)) : ""
                return (Int(end[0]) ?? 0, target, lines.dropLast().joined(separator: "\n"))
            }

            /// Waits until a page holds all these texts.
            func see(_ texts: [String], on path: String) async throws {
                try await eventually(
                    "\(texts) on \(path)",
                    until: { page in
                        texts.allSatisfy { page.contains($0) }
                    }
                ) {
                    try await get(path).page
                }
            }
        }

        @Test("shows games, jobs, dead letters, nodes and consumer groups, each with links to the others")
        func pages() async throws {
            let port = try FreePort.find()
            let settings = ["RTM_HTTP": "127.0.0.1:\(port)"]
            try await Fleet.with(settings: settings, world: try #require(EngineWorld.current)) { fleet in
                let browser = Browser(address: "http://127.0.0.1:\(port)")
                let started = try await fleet.finish("s1", fleet.start("s1", game: "lobby"))
                #expect(started.succeeded)
                let refused = try await fleet.finish(
                    "s2",
                    Fleet.message(.start, "s2", game: "none", #""image":"not.there/x:1","max_attempts":1"#)
                )
                #expect(!refused.succeeded)
                let node = try await fleet.node().text
                let results = RedisArgument.string(fleet.keys.results)
                _ = try await fleet.client.send(RedisCommand("XGROUP", "CREATE", results, "master", "0"))
                let (game, link) = ("href=\"/games/lobby\"", "href=\"/jobs/s1\"")

                try await browser.see([game, "running", "1 game has a container"], on: "/games")
                try await browser.see([game], on: "/games?q=obb")
                try await browser.see(["no games"], on: "/games?q=%2A")
                let endpoint = try #require(started.fields["engine_endpoint"])
                try await browser.see(
                    ["running", endpoint, link, "started", "rtmanager stop lobby --wait", "docker logs "],
                    on: "/games/lobby"
                )
                try await browser.see(["start of lobby", game, "started"], on: "/jobs/s1")
                try await browser.see(["rtmanager dead retry s2", refused.errorCode ?? "?"], on: "/jobs/s2")
                try await browser.see(["href=\"/jobs/s2\"", refused.errorCode ?? "?"], on: "/dead")
                try await browser.see(["href=\"/jobs/s2\"", "dead", refused.errorCode ?? "?"], on: "/jobs")
                try await browser.see(["no jobs"], on: "/jobs?state=retrying")
                try await browser.see(["alive", "href=\"/nodes/"], on: "/workers")
                let path = try #require(node.addingPercentEncoding(withAllowedCharacters: .alphanumerics))
                // Without a name, a node has the id of its Docker Engine.
                let begin = node.prefix(9)
                try await browser.see([game, "rtmanager node drain \(node) --wait"], on: "/nodes/\(path)")
                try await browser.see(["href=\"/nodes/", "1 up"], on: "/nodes")
                try await browser.see(["<dt>host</dt>", "rtmanager node drain \(node) --wait"], on: "/nodes/\(begin)")
                try await browser.see(["href=\"/jobs/s2\""], on: "/jobs?node=\(begin)")
                try await browser.see(["no worker of node zzzz was ever seen here"], on: "/jobs?node=zzzz")
                try await browser.see(["id=\"lane\""], on: "/words")
                try await browser.see(["master", "complete"], on: "/groups")
                try await browser.see([game, "href=\"/dead\""], on: "/")
                try await finds(browser)
            }
        }

        @Test("gives programs the same data, as it is described")
        func data() async throws {
            let port = try FreePort.find()
            let settings = ["RTM_HTTP": "127.0.0.1:\(port)"]
            try await Fleet.with(settings: settings, world: try #require(EngineWorld.current)) { fleet in
                let browser = Browser(address: "http://127.0.0.1:\(port)")
                #expect(try await fleet.finish("s1", fleet.start("s1", game: "lobby")).succeeded)
                try await fleet.push("{}")
                let description = try OpenAPI()
                let expected = [
                    ("/api/v1/overview", "\"queues\":[{\"queue\":\"default\""),
                    ("/api/v1/games", "\"game_id\":\"lobby\""),
                    ("/api/v1/games?q=zz", "\"games\":[]"), ("/api/v1/games/lobby", "\"state\":\"running\""),
                    ("/api/v1/jobs", "\"state\":\"dead\""), ("/api/v1/workers", "\"alive\":true"),
                    ("/api/v1/jobs/s1", "\"job_id\":\"s1\""),
                    ("/api/v1/dead", "\"error_code\":"), ("/api/v1/queues", "\"workers\":1"),
                    ("/api/v1/nodes", "\"state\":\"up\""),
                    ("/api/v1/nodes/\(try await fleet.node().text)", "\"games\":"), ("/api/v1/groups", "\"groups\":[]"),
                    ("/api/v1/audit", "\"entries\":[]"), ("/api/v1/words", "\"word\":\"Lane\""),
                    ("/api/v1/jobs?node=zz", "\"problem\":\"no worker of node zz was ever seen here, and"),
                    ("/api/v1/nodes/\(try await fleet.node().text.prefix(9))", "\"state\":\"up\""),
                ]
                for (path, text) in expected {
                    try await browser.see([text], on: path)
                    let answer = try await browser.get(path)
                    #expect(answer.status == 200)
                    #expect(try description.problems(answer.page, to: path) == [], "\(path): \(answer.page)")
                }
                try await follow(browser, description, fleet)
                try await refused(browser, description)
                try await browser.see(["\"jobs\":[]"], on: "/api/v1/jobs?limit=5&state=running")
            }
        }

        /// Asks for data that nobody has, and asks wrongly.
        private func refused(_ browser: Browser, _ description: OpenAPI) async throws {
            let expected = [
                ("/api/v1/nothing", 404, "there is no data at /api/v1/nothing"),
                ("/api/v1/games/none", 404, "game none is not known"),
                ("/api/v1/jobs/none", 404, "job none is not known"),
                ("/api/v1/nodes/none", 404, "no worker of node none was ever seen here"),
                ("/api/v1/jobs?state=foo", 400, "state must be retrying, running, waiting or dead, not foo"),
                ("/api/v1/jobs?limit=-5", 400, "limit must be a whole number from 1 to 1000, not -5"),
            ]
            for (path, status, text) in expected {
                let answer = try await browser.get(path)
                #expect(answer.status == status && answer.page.hasPrefix("{\"error\":\"\(text)"), "\(path): \(answer)")
                guard path != "/api/v1/nothing" else { continue }
                #expect(try description.problems(answer.page, to: path, status: status) == [], "\(path)")
            }
        }

        /// Walks through dead letters by the addresses of their parts, for programs and on the page.
        private func follow(_ browser: Browser, _ description: OpenAPI, _ fleet: Fleet) async throws {
            try await fleet.push("[]")
            try await browser.see(["\"dead_entry\""], on: "/api/v1/jobs?state=dead&limit=1")
            func part(_ path: String) async throws -> Part {
                let text = try await browser.get(path).page
                #expect(try description.problems(text, to: path) == [], "\(path): \(text)")
                return try JSONDecoder().decode(Part.self, from: Data(text.utf8))
            }
            try await eventually("two letters", until: { $0 == 2 }) {
                try await part("/api/v1/jobs?state=dead").jobs.count
            }
            let whole = try await part("/api/v1/jobs?state=dead")
            let first = try await part("/api/v1/jobs?state=dead&limit=1")
            let second = try await part(try #require(first.next.first))
            #expect((first.jobs + second.jobs).map(\.job_id) == whole.jobs.map(\.job_id) && second.next.isEmpty)
            let query = try #require(first.next.first).split(separator: "?")[1]
            let page = try await browser.get("/jobs?" + query).page
            #expect(page.contains("newer dead jobs</a>") && page.contains("first page</a>"), "\(page)")
        }

        /// Searches and wrong addresses.
        private func finds(_ browser: Browser) async throws {
            for (text, target) in [
                ("s1", "/jobs/s1"), ("lobby", "/games/lobby"), ("%20lobby", "/games/lobby"), ("zzz", "/games?q=zzz"),
                ("", "/games"), ("%3Cb%3E", "/games?q=%3Cb%3E"),
            ] {
                let answer = try await browser.get("/search?q=\(text)")
                #expect(answer.status == 303 && answer.target == target, "\(answer)")
            }
            for path in ["/games/zzz", "/jobs/zzz", "/nodes/zzz"] {
                let answer = try await browser.get(path)
                #expect(answer.status == 404 && answer.page.contains("zzz is not known"), "\(answer)")
            }
            for path in ["/zzz", "/games/a/b", "/jobs/%ff"] {
                #expect(try await browser.get(path).status == 404)
            }
        }
    }
}
