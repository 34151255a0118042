import Observability
import JobContract
import JobQueue
import QueueAdmin
import Support
import Synchronization
import Testing

@testable import AdminServer
@testable import Pages

@Suite("Addresses of other workers' consoles", .timeLimit(.minutes(1)))
struct ConsoleAddressTests {
    /// The page of workers, as a browser that called `authority` gets it from a worker of `host`.
    private static func page(_ console: String, on machine: String, calledBy authority: String, at host: String = "a")
        -> String
    {
        var worker = WorkerOverview(id: "\(machine)-7-x", node: "n", aliveUntil: 1)
        worker.description = WorkerDescription(concurrency: nil, console: console, startedAt: nil)
        var list = WorkerList(now: 0)
        list.workers = [worker]
        return ConsoleContent.workers(list).html(for: Audience(authority: authority, host: host))
    }

    @Test(
        "of a loopback are no link for another machine, and say why",
        arguments: [
            ("http://127.0.0.1:9100/", "10.0.0.1:9100", "a"), ("http://127.0.0.1:9100/", "", "a"),
            // The same address of another machine, and another port of this one.
            ("http://127.0.0.1:9100/", "127.0.0.1:9100", "b"), ("http://127.0.0.1:9100/", "127.0.0.1:9101", "a"),
            ("http://localhost:9100/", "a:9100", "a"), ("http://::1:9100/", "a:9100", "a"),
        ]
    )
    func loopback(console: String, authority: String, machine: String) {
        let page = Self.page(console, on: machine, calledBy: authority)
        #expect(page.contains(">\(machine):9100</span>") && !page.contains("href=\"http"), "\(page)")
        #expect(page.contains("title=\"listens on ") && page.contains("ssh -L 9100:"), "\(page)")
    }

    @Test(
        "of a loopback are a link on the page that was called by them",
        arguments: ["127.0.0.1:9100", "localhost:9100", "[::1]:9100"]
    )
    func ownLoopback(authority: String) {
        let page = Self.page("http://127.0.0.1:9100/", on: "a", calledBy: authority)
        #expect(page.contains("<a href=\"http://\(authority)/\"><span>\(authority)</span></a>"), "\(page)")
    }

    @Test(
        "that all machines reach are a link, by the machine's name if the worker listens everywhere",
        arguments: [
            ("http://10.0.0.1:81/", "10.0.0.1:81"), ("http://0.0.0.0:81/", "b:81"), ("http://:::81/", "b:81"),
            ("http://[fe80::1]:81/", "[fe80::1]:81"), ("http://host.example:81/", "host.example:81"),
        ]
    )
    func reachable(console: String, target: String) {
        let page = Self.page(console, on: "b", calledBy: "x:1")
        #expect(page.contains("<a href=\"http://\(target)/\">"), "\(page)")
    }

    @Test(
        "of another form are text",
        arguments: ["", "x", "http://", "http://h/", "https://h:1/", "javascript:alert(1)//:1", "http://h:99999/"]
    )
    func unknown(console: String) {
        #expect(!Self.page(console, on: "b", calledBy: "x:1").contains("<a href=\"http"))
    }

    @Test("add no markup")
    func hostile() {
        let evil = "<b>\"'&"
        for page in [
            Self.page("http://\(evil):1/", on: evil, calledBy: evil),
            Self.page("http://127.0.0.1:1/", on: evil, calledBy: evil), Self.page(evil, on: evil, calledBy: evil),
        ] {
            #expect(!page.contains("<b>") && !page.contains("\"'&"), "\(page)")
        }
    }

    @Test("the server tells its pages by which name they were called")
    func authority() async throws {
        let seen = Mutex("")
        let server = AdminServer(host: "127.0.0.1", port: 0, metrics: .init(), logger: .silent) {
            Readiness(checks: [])
        } console: { request in
            if case .page(_, let viewer) = request { seen.withLock { $0 = viewer.authority } }
            return .page("")
        }
        try await server.whileRunning { port in
            let socket = try ClientSocket(port: port)
            socket.send("GET /workers HTTP/1.1\r\nHost: localhost:81\r\nConnection: close\r\n\r\n")
            try await eventually("the answer") { socket.isAtEnd() }
            #expect(seen.withLock { $0 } == "localhost:81")
        }
    }
}
