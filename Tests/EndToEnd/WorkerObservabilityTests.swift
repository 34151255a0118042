import Foundation
import JobContract
import Redis
import Support
import Testing

extension Deployment {
    @Suite("Traces, dashboard and metrics of a worker", .engineWorld, .timeLimit(.minutes(5)))
    struct WorkerObservabilityTests {
        private func get(_ url: String, _ more: [String] = []) async throws -> (status: String, body: String) {
            let text = try await Tool.run(
                ["curl", "--silent", "--max-time", "5", "--write-out", "\n%{http_code}"] + more + [url]
            )
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
            return (String(lines.last ?? ""), lines.dropLast().joined(separator: "\n"))
        }

        @Test("the collector gets the spans of a job below the producer's span")
        func spans() async throws {
            try await TestCollector.with { collector in
                let settings = ["RTM_OTLP_ENDPOINT": "http://127.0.0.1:\(collector.port)"]
                try await Fleet.with(settings: settings, world: try #require(EngineWorld.current)) { fleet in
                    let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
                    let more = #""traceparent":"00-\#(trace)-00f067aa0ba902b7-01","enqueued_at":"2026-01-01T00:00:00Z""#
                    let result = try await fleet.finish("s1", fleet.start("s1", game: "g", more))
                    #expect(result.succeeded && result.fields["traceparent"]?.contains(trace) == true)
                    var spans: [TestJSON] = []
                    let wanted: Set = ["start game", "queue wait", "create", "start", "publish"]
                    try await eventually("the spans \(wanted)", until: { wanted.isSubset(of: $0) }) {
                        spans = try collector.posts.flatMap { try Self.spans($0) }
                        return spans.compactMap { $0["name"]?.string }
                    }
                    #expect(Set(spans.compactMap { $0["traceId"]?.string }) == [trace])
                    let job = try #require(spans.first { $0["name"] == .string("start game") })
                    #expect(job["parentSpanId"] == .string("00f067aa0ba902b7"))
                    for span in spans where span != job { #expect(span["parentSpanId"] == job["spanId"]) }
                    #expect(
                        collector.posts.allSatisfy { $0.path == "/v1/traces" && $0.contentType == "application/json" }
                    )
                }
            }
        }

        @Test("a pull has its own span, also if it fails", arguments: [TestRegistry.Fault.good, .unknown])
        func pull(fault: TestRegistry.Fault) async throws {
            try await TestCollector.with { collector in
                try await TestRegistry.with { registry in
                    let image = registry.reference(fault, tag: "span")
                    let settings = [
                        "RTM_OTLP_ENDPOINT": "http://127.0.0.1:\(collector.port)", "RTM_ALLOWED_IMAGES": image,
                    ]
                    try await Fleet.with(settings: settings, world: try #require(EngineWorld.current)) { fleet in
                        let more = #""image":"\#(image)","pull_policy":"always","max_attempts":1"#
                        _ = try await fleet.finish("p1", Fleet.message(.start, "p1", game: "g", more))
                        var spans: [TestJSON] = []
                        let wanted = Set(["start game", "pull"])
                        try await eventually("the spans \(wanted)", until: { wanted.isSubset(of: $0) }) {
                            spans = try collector.posts.flatMap { try Self.spans($0) }
                            return spans.compactMap { $0["name"]?.string }
                        }
                        let job = try #require(spans.first { $0["name"] == .string("start game") })
                        let pull = try #require(spans.first { $0["name"] == .string("pull") })
                        #expect(pull["parentSpanId"] == job["spanId"] && pull["traceId"] == job["traceId"])
                        // A call to a server.
                        #expect(pull["kind"] == .number(3))
                        let isError = pull["status"]?["code"] == .number(2)
                        #expect(isError == (fault == .unknown), "\(pull)")
                    }
                }
            }
        }

        private static func spans(_ post: TestCollector.Post) throws -> [TestJSON] {
            let json = try TestJSON(text: Data(post.body.utf8))
            return (json["resourceSpans"]?.elements ?? []).flatMap { $0["scopeSpans"]?.elements ?? [] }
                .flatMap { $0["spans"]?.elements ?? [] }
        }

        @Test("the dashboard shows the deployment, escapes text, and answers while Redis is away")
        func page() async throws {
            let port = try FreePort.find()
            let settings = ["RTM_HTTP": "127.0.0.1:\(port)"]
            try await Fleet.with(settings: settings, world: try #require(EngineWorld.current)) { fleet in
                let url = "http://127.0.0.1:\(port)/"
                #expect(try await fleet.finish("s1", fleet.start("s1", game: "lobby")).succeeded)
                _ = try await fleet.client.send(RedisCommand("LPUSH", .string(fleet.keys.queue("<b>&")), "{}"))
                let node = try await fleet.node()
                let wanted = [
                    "loop: it takes jobs", "default", node.text, "start s1", "lobby", "&lt;b&gt;&amp;",
                    "last 5 minutes: 1 succeeded, 0 did not", "persistence: none: a restart loses every job",
                ]
                let page = try await eventually("\(wanted) on the page", until: { wanted.allSatisfy($0.contains) }) {
                    try await get(url).body
                }
                // The console's own script is a file of this server.
                #expect(
                    !page.contains("<b>")
                        && page.replacing("<script src=\"/assets/", with: "").contains("<script") == false
                )
                #expect(page.hasPrefix("<!doctype html>") && page.utf8.count < 100_000)
                let head = try await get(url, ["--dump-header", "-", "--output", "/dev/null"]).body.lowercased()
                for line in ["content-type: text/html", "cache-control: no-store", "default-src 'none'"] {
                    #expect(head.contains(line), "\(head)")
                }
                fleet.redis.suspend()
                defer { fleet.redis.resume() }
                try await eventually(
                    "the page to say that Redis is away",
                    until: { $0.contains("Redis was not read") && $0.contains("lobby") }
                ) {
                    try await get(url, ["--max-time", "20"]).body
                }
                fleet.redis.resume()
            }
        }

        @Test("HTTP requests need the token, readiness gives reasons, and promtool accepts the metrics")
        func http() async throws {
            let directory = try temporaryDirectory("http")
            defer { try? FileManager.default.removeItem(atPath: directory) }
            try "s3cret-token\n".write(toFile: directory + "/token", atomically: true, encoding: .utf8)
            let port = try FreePort.find()
            let settings = ["RTM_HTTP": "127.0.0.1:\(port)", "RTM_HTTP_TOKEN_FILE": directory + "/token"]
            try await Fleet.with(settings: settings, world: try #require(EngineWorld.current)) { fleet in
                let base = "http://127.0.0.1:\(port)"
                #expect(try await get(base + "/healthz").status == "200")
                for path in ["/", "/readyz", "/metrics"] { #expect(try await get(base + path).status == "401") }
                let bearer = ["--header", "Authorization: Bearer s3cret-token"]
                let ready = try await get(base + "/readyz", bearer)
                #expect(ready.status == "200")
                for line in ["ok loop: it takes jobs", "ok redis: ", "ok docker: the Docker Engine answers"] {
                    #expect(ready.body.contains(line), "\(ready.body)")
                }
                #expect(try await fleet.finish("e1", Fleet.message(.stop, "e1", game: "g")).succeeded)
                try await eventually("metrics of the job", until: { $0.contains("rtm_jobs_ended_total{") }) {
                    try await get(base + "/metrics", bearer).body
                }
                let dashboard = try await get(base + "/", bearer)
                #expect(dashboard.status == "200" && dashboard.body.hasPrefix("<!doctype html>"))
                for word in ["QUEUE", "default", "LISTENER"] { #expect(dashboard.body.contains(word)) }
                let page = try await get(base + "/metrics", bearer).body
                try (page + "\n").write(toFile: directory + "/page", atomically: true, encoding: .utf8)
                try await Tool.run(["sh", "-c", "promtool check metrics < \(directory)/page"])
                for id in ["e1", "\"g\""] { #expect(!page.contains(id)) }

                fleet.redis.suspend()
                defer { fleet.redis.resume() }
                try await eventually("the worker not to be ready", until: { $0.status == "503" }) {
                    try await get(base + "/readyz", bearer)
                }
                let reasons = try await get(base + "/readyz", bearer).body
                #expect(reasons.contains("failing loop: it waits for Redis and takes no jobs"), "\(reasons)")
                #expect(reasons.contains("failing redis: its last answer came"))
                #expect(try await get(base + "/healthz").status == "200")
                fleet.redis.resume()
                try await eventually(
                    "the worker to be ready again",
                    until: { $0.status == "200" }
                ) {
                    try await get(base + "/readyz", bearer)
                }
            }
        }
    }
}
