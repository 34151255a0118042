import Primitives
import Logging
import NIOCore
import Support
import Synchronization
import Testing

@testable import AdminServer
@testable import Observability

/// A server with actions, which counts what it is asked to do.
private final class ActingServer: Sendable {
    static let token = "s3cret-token", readToken = "read-token"

    let done = Mutex<[ConsoleRequest]>([])

    func run(_ body: @Sendable (Int) async throws -> Void) async throws {
        let rules = AccessRules(
            token: Self.token,
            readToken: Self.readToken,
            allowsActions: true,
            userHeader: "X-Remote-User"
        )
        let server = AdminServer(
            host: "127.0.0.1",
            port: 0,
            rules: rules,
            metrics: PrometheusRegistry(),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        ) {
            Readiness(checks: [])
        } console: { [self] request in
            if case .act = request { done.withLock { $0.append(request) } }
            if case .confirm(_, let viewer) = request { return .page("secret=\(viewer.formSecret);") }
            if case .page(_, let viewer) = request { return .page("access=\(viewer.access.rawValue)") }
            return .page("done")
        }
        try await server.whileRunning { try await body($0) }
    }

    /// Sends a request, and returns the whole answer.
    func answer(_ port: Int, _ head: String, _ form: String = "") async throws -> String {
        let socket = try ClientSocket(port: port)
        let length = form.isEmpty ? "" : "Content-Length: \(form.utf8.count)\r\n"
        socket.send("\(head)\r\nHost: localhost\r\nConnection: close\r\n\(length)\r\n\(form)")
        try await eventually("the answer to \(head)") { socket.isAtEnd() }
        return socket.text
    }

    func secret(_ port: Int, _ head: String) async throws -> String {
        let page = try await answer(port, "GET /act?do=stop&target=g HTTP/1.1\r\n\(head)")
        return try #require(page.firstMatch(of: /secret=([^;]*);/), "\(page)").output.1.description
    }
}

@Suite("Acting with the console", .timeLimit(.minutes(2)))
struct ActingTests {
    private static let bearer = "Authorization: Bearer \(ActingServer.token)"

    @Test("needs the token, a form of this server with its secret, and no other site")
    func refusals() async throws {
        let server = ActingServer()
        try await server.run { port in
            let secret = try await server.secret(port, Self.bearer)
            let form = "secret=\(secret)&do=stop&target=g"
            let post = "POST /act HTTP/1.1\r\n"
            for (head, body, status) in [
                (post + "Accept: */*", form, 401),
                (post + "Authorization: Bearer \(ActingServer.readToken)", form, 403),
                (post + Self.bearer, "do=stop&target=g", 403),
                (post + Self.bearer, "secret=\(secret)x&do=stop&target=g", 403),
                (post + Self.bearer + "\r\nSec-Fetch-Site: cross-site", form, 403),
                (post + Self.bearer + "\r\nOrigin: https://evil.example", form, 403),
                (post + Self.bearer, "secret=\(secret)&do=burn&target=g", 400),
                ("GET /act?\(form) HTTP/1.1\r\nAuthorization: Bearer \(ActingServer.readToken)", "", 403),
            ] {
                let answer = try await server.answer(port, head, body)
                #expect(answer.hasPrefix("HTTP/1.1 \(status)"), "\(head) \(body): \(answer)")
            }
            #expect(server.done.withLock { $0.isEmpty })
            let done = try await server.answer(port, post + Self.bearer + "\r\nOrigin: http://localhost", form)
            #expect(done.hasPrefix("HTTP/1.1 200"), "\(done)")
            #expect(server.done.withLock { $0.count } == 1)
        }
    }

    @Test("names the person: by Basic, by the login form, and by a proxy's header")
    func people() async throws {
        let server = ActingServer()
        try await server.run { port in
            // ann:s3cret-token
            let basic = "Authorization: Basic YW5uOnMzY3JldC10b2tlbg=="
            let login = try await server.answer(
                port,
                "POST /login HTTP/1.1",
                "name=b%20ob&token=s3cret-token&next=/dead"
            )
            #expect(login.contains("303") && login.contains("/dead"), "\(login)")
            let cookie = try #require(login.firstMatch(of: /rtm_session=[^;]*/)).output.description
            for head in [basic, "Cookie: \(cookie)", Self.bearer + "\r\nX-Remote-User: cat"] {
                let secret = try await server.secret(port, head)
                _ = try await server.answer(port, "POST /act HTTP/1.1\r\n\(head)", "secret=\(secret)&do=drain&target=n")
            }
            let names = server.done.withLock { $0 }.map { request in
                if case .act(_, _, let person) = request { "\(person.name)@\(person.address)" } else { "" }
            }
            #expect(names == ["ann@127.0.0.1", "b ob@127.0.0.1", "cat@127.0.0.1"])
            // The secret of one session is none for another.
            let secret = try await server.secret(port, "Cookie: \(cookie)")
            let other = try await server.answer(
                port,
                "POST /act HTTP/1.1\r\n\(basic)",
                "secret=\(secret)&do=drain&target=n"
            )
            #expect(other.hasPrefix("HTTP/1.1 403"))
            let out = try await server.answer(port, "POST /logout HTTP/1.1\r\nCookie: \(cookie)", "x=")
            #expect(out.contains("303"))
            let after = try await server.answer(port, "GET / HTTP/1.1\r\nAccept: text/html\r\nCookie: \(cookie)")
            #expect(after.hasPrefix("HTTP/1.1 401") && after.contains("<form"))
        }
    }

    @Test("is not for people with the read token, who see everything")
    func readers() async throws {
        let server = ActingServer()
        try await server.run { port in
            let login = try await server.answer(port, "POST /login HTTP/1.1", "token=\(ActingServer.readToken)")
            let cookie = try #require(login.firstMatch(of: /rtm_session=[^;]*/)).output.description
            let page = try await server.answer(port, "GET /games HTTP/1.1\r\nCookie: \(cookie)")
            #expect(page.hasSuffix("access=0"), "\(page)")
            let own = try await server.answer(port, "GET /games HTTP/1.1\r\n\(Self.bearer)")
            #expect(own.hasSuffix("access=1"), "\(own)")
        }
    }
}

@Suite("Live pages", .timeLimit(.minutes(2)))
struct LiveStreamTests {
    private static func server(_ console: @escaping @Sendable () -> ConsoleAnswer) -> AdminServer {
        AdminServer(
            host: "127.0.0.1",
            port: 0,
            metrics: PrometheusRegistry(),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        ) {
            Readiness(checks: [])
        } console: { _ in
            console()
        }
    }

    private static func open(_ port: Int, _ page: String = "%2F") throws -> ClientSocket {
        let socket = try ClientSocket(port: port)
        socket.send("GET /live?page=\(page) HTTP/1.1\r\nHost: localhost\r\n\r\n")
        return socket
    }

    @Test("get their content when it has changed, and the reason when Redis was not read")
    func events() async throws {
        let answers = Mutex<[ConsoleAnswer]>([
            .page("<p>\"a\"</p>"), .page("<p>\"a\"</p>"), .stale(nil, Staleness(.redisAway, "it is \"off\"")),
            .stale("<p>old</p>", Staleness(.busy, "b", readAt: Timestamp(millisecondsSinceEpoch: 5))),
            .page("<p>b</p>"),
        ])
        let server = Self.server { answers.withLock { $0.count > 1 ? $0.removeFirst() : $0[0] } }
        try await server.whileRunning { port in
            let socket = try Self.open(port)
            try await eventually("the last content", until: { $0.contains("<p>b</p>") }) {
                _ = socket.isAtEnd()
                return socket.text
            }
            let events = socket.text.matches(of: /event: [a-z]*\ndata: .*/).map { String($0.output) }
            #expect(
                events.prefix(5) == [
                    "event: content\ndata: \"<p>\\\"a\\\"</p>\"", "event: same\ndata: ",
                    #"event: stale\#ndata: {"word":"Redis away","tone":"bad","reason":"it is \"off\""}"#,
                    #"event: stale\#ndata: {"word":"busy","tone":"notable","reason":"b","at":5,"content":"<p>old</p>"}"#,
                    "event: content\ndata: \"<p>b</p>\"",
                ],
                "\(socket.text)"
            )
            let missing = try Self.open(port, "%2Fnothing%2Fa%2Fb")
            try await eventually("the refusal", until: { $0.contains("404") }) {
                _ = missing.isAtEnd()
                return missing.text
            }
        }
    }

    @Test("outlive the limits of other requests, are at most 32, and leave room for health checks")
    func bounded() async throws {
        let server = Self.server { .page("x") }
        try await server.whileRunning { port in
            let streams = try (0..<LiveStreams.limit).map { _ in try Self.open(port) }
            for stream in streams {
                try await eventually("a content", until: { $0.contains("event: content") }) {
                    _ = stream.isAtEnd()
                    return stream.text
                }
            }
            let refused = try Self.open(port)
            try await eventually("the refusal", until: { $0.contains("503") }) {
                _ = refused.isAtEnd()
                return refused.text
            }
            // As many silent connections as the server keeps, and more.
            let silent = try (0..<ConnectionGate.limit).map { _ in try ClientSocket(port: port) }
            let health = try ClientSocket(port: port)
            health.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            try await eventually("the health", until: { $0.hasSuffix("ok\n") }) {
                _ = health.isAtEnd()
                return health.text
            }
            let limit = ContinuousClock.now.advanced(by: .nanoseconds(ConnectionGate.requestTimeout.nanoseconds))
            try await eventually("more time than other requests have") { ContinuousClock.now > limit }
            for stream in streams { #expect(!stream.isAtEnd()) }
            withExtendedLifetime(silent) {}
        }
    }
}
