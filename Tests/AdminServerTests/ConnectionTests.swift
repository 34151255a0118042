import Foundation
import Glibc
import Logging
import Support
import Synchronization
import Testing

@testable import AdminServer
@testable import Observability

@Suite("Connections of the server", .tags(.timing), .timeLimit(.minutes(1)))
struct ConnectionTests {
    @Test("the server closes a connection with thousands of requests at once, and answers others")
    func pipelined() async throws {
        try await Server.with { server in
            let request = "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n"
            let flood = String(repeating: request, count: 500)
            let sockets = try (0..<60).map { _ in
                let socket = try ClientSocket(port: server.port)
                socket.send(flood)
                return socket
            }
            #expect(try await server.answer(to: "/healthz", within: .seconds(2)).hasSuffix("ok\n"))
            try await eventually("the end of all connections", within: .seconds(15), until: { $0 == 0 }) {
                sockets.count { !$0.isAtEnd() }
            }
            let most = sockets.map { $0.text.split(separator: "HTTP/1.1 200 OK").count }.max() ?? 0
            #expect(most <= 2 * Int(RequestBudget.burst), "\(most) answers on one connection")
        }
    }

    @Test("the server cuts off endless bodies, and answers others meanwhile")
    func bodies() async throws {
        try await Server.with { server in
            let head = "POST / HTTP/1.1\r\nHost: localhost\r\n"
            let chunked = head + "Transfer-Encoding: chunked\r\n\r\n" + String(repeating: "1\r\nx\r\n", count: 20_000)
            let announced = head + "Content-Length: 1000000000\r\n\r\n" + String(repeating: "x", count: 100_000)
            let sockets = try (0..<20).map { number in
                let socket = try ClientSocket(port: server.port)
                socket.send(number.isMultiple(of: 2) ? chunked : announced)
                return socket
            }
            #expect(try await server.answer(to: "/healthz", within: .seconds(2)).hasSuffix("ok\n"))
            // A body that nobody reads waits for the time-out of its request.
            try await eventually("the end of all connections", within: .seconds(15), until: { $0 == 0 }) {
                sockets.count { !$0.isAtEnd() }
            }
        }
    }

    @Test("a body has a budget of bytes and pieces, which each request starts afresh")
    func bodyBudget() {
        let start = ContinuousClock.now
        var budget = RequestBudget(now: start)
        for _ in 1...2 {
            let isTaken = budget.take(now: start)
            let pieces = (0..<100).count { _ in budget.takeBody(bytes: 1) }
            #expect(isTaken && pieces == RequestBudget.bodyPieces)
        }
        let isTaken = budget.take(now: start)
        let fits = budget.takeBody(bytes: RequestBudget.bodyBytes)
        let isTooMuch = !budget.takeBody(bytes: 1)
        #expect(isTaken && fits && isTooMuch)
    }

    @Test("a connection may send some requests at once, then some a second")
    func budget() {
        let start = ContinuousClock.now
        var budget = RequestBudget(now: start)
        let atOnce = (0..<100).count { _ in budget.take(now: start) }
        #expect(atOnce == Int(RequestBudget.burst))
        let later = start.advanced(by: .seconds(2))
        let afterwards = (0..<100).count { _ in budget.take(now: later) }
        #expect(afterwards == Int(2 * RequestBudget.rate))
    }

    @Test("HEAD gets the answer of GET without the body", arguments: ["/", "/healthz", "/readyz", "/metrics"])
    func head(path: String) async throws {
        try await Server.with { server in
            let socket = try ClientSocket(port: server.port)
            socket.send("HEAD \(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            try await eventually("the answer") { socket.isAtEnd() }
            #expect(socket.text.hasPrefix("HTTP/1.1 200") && socket.text.hasSuffix("\r\n\r\n"), "\(socket.text)")
        }
    }

    @Test("a browser gets a form for the token, and enters with the token")
    func login() async throws {
        try await Server.with(rules: AccessRules(token: "s3cret;to ken")) { server in
            func answer(_ head: String, _ body: String = "") async throws -> String {
                let socket = try ClientSocket(port: server.port)
                let length = body.isEmpty ? "" : "Content-Length: \(body.utf8.count)\r\n"
                socket.send("\(head)\r\nHost: localhost\r\nConnection: close\r\n\(length)\r\n\(body)")
                try await eventually("the answer to \(head)") { socket.isAtEnd() }
                return socket.text
            }
            let form = try await answer("GET / HTTP/1.1\r\nAccept: text/html,*/*")
            #expect(
                form.hasPrefix("HTTP/1.1 401") && form.contains("action=\"/login\"") && form.contains("form-action")
            )
            for head in ["GET / HTTP/1.1", "GET /metrics HTTP/1.1\r\nAccept: text/plain"] {
                let bare = try await answer(head)
                #expect(bare.hasPrefix("HTTP/1.1 401") && !bare.contains("<form"), "\(bare)")
            }
            for wrong in ["token=wrong", "", "other=s3cret%3Bto+ken", "token=%zz"] {
                let refused = try await answer("POST /login HTTP/1.1", wrong)
                #expect(refused.hasPrefix("HTTP/1.1 401") && !refused.lowercased().contains("set-cookie"), "\(refused)")
            }
            let large = try await answer("POST /login HTTP/1.1", "token=" + String(repeating: "x", count: 20_000))
            #expect(large.hasPrefix("HTTP/1.1 413"))
            let entered = try await answer("POST /login HTTP/1.1", "a=b&token=s3cret%3Bto+ken")
            #expect(entered.hasPrefix("HTTP/1.1 303") && !entered.contains("s3cret"), "\(entered)")
            let cookie = try #require(
                entered.firstMatch(of: #/(?i)set-cookie: (rtm_session=[^;]+); Path=\/; HttpOnly/#)
            ).1
            for path in ["/", "/readyz", "/metrics"] {
                let shown = try await answer("GET \(path) HTTP/1.1\r\nCookie: x=y; \(cookie); z=1")
                #expect(shown.hasPrefix("HTTP/1.1 200"), "\(shown)")
            }
            #expect(try await answer("GET / HTTP/1.1\r\nCookie: rtm_session=guess").hasPrefix("HTTP/1.1 401"))
        }
    }

    @Test("a connection is kept for its next request")
    func keepAlive() async throws {
        try await Server.with { server in
            let socket = try ClientSocket(port: server.port)
            for count in 1...3 {
                socket.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
                try await eventually("answer \(count)", until: { $0.matches(of: #/ok\n/#).count == count }) {
                    #expect(!socket.isAtEnd())
                    return socket.text
                }
            }
        }
    }

    @Test(
        "a loopback server answers only requests that name this machine",
        arguments: [
            ("localhost", true), ("LOCALHOST:8081", true), ("127.0.0.1:1", true), ("127.8.9.10", true), ("[::1]", true),
            ("[::1]:8081", true), ("evil.example", false), ("evil.example:8081", false),
            ("127.0.0.1.evil.example", false),
            ("localhost.evil.example", false), ("10.0.0.1", false), ("127.0.0.256", false), ("[::2]:80", false),
            ("::1", false), ("127.0.0.1:80:80", false), ("127.0.0.1:x", false),
        ]
    )
    func hosts(host: String, passes: Bool) async throws {
        try await Server.with { server in
            for path in ["/healthz", "/readyz", "/metrics", "/"] {
                let answer = try await server.answer(to: path, host: host)
                #expect(answer.hasPrefix(passes ? "HTTP/1.1 200" : "HTTP/1.1 421"), "\(path): \(answer.prefix(200))")
            }
        }
    }

    @Test(
        "a server on another address does not check the host name",
        arguments: [("127.0.0.1", true), ("::1", true), ("0.0.0.0", false)]
    )
    func boundAddress(host: String, isChecked: Bool) { #expect((LoopbackHost(boundTo: host) != nil) == isChecked) }
}
