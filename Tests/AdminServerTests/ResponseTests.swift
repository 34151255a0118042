import AsyncHTTPClient
import Foundation
import Logging
import NIOCore
import NIOHTTP1
import Support
import Testing

@testable import AdminServer
@testable import Observability

/// A response, with the headers that the server sets.
private struct Answer: Equatable {
    var status: Int
    var headers: [String: String]
    var body: String
}

/// A server on a free port, ready or not.
private struct AnsweringServer {
    let port: Int

    static func with(
        token: String? = nil,
        isReady: Bool = true,
        _ body: @Sendable (AnsweringServer) async throws -> Void
    )
        async throws
    {
        let server = AdminServer(
            host: "127.0.0.1",
            port: 0,
            rules: AccessRules(token: token),
            metrics: PrometheusRegistry(),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        ) {
            Readiness(checks: [
                .init(name: "loop", holds: true, reason: "it takes jobs"),
                .init(name: "redis", holds: isReady, reason: "no\nanswer\u{202E}"),
            ])
        } console: { _ in
            .page("<p>page</p>")
        }
        try await server.whileRunning { port in try await body(AnsweringServer(port: port)) }
    }

    func answer(_ method: HTTPMethod, _ path: String, _ headers: [String: String] = [:], _ form: String? = nil)
        async throws -> Answer
    {
        var request = HTTPClientRequest(url: "http://127.0.0.1:\(port)\(path)")
        request.method = method
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        if let form { request.body = .bytes(ByteBuffer(string: form)) }
        let client = HTTPClient(configuration: .init(redirectConfiguration: .disallow))
        do {
            let response = try await client.execute(request, timeout: .seconds(10))
            let body = String(buffer: try await response.body.collect(upTo: 1 << 20))
            try await client.shutdown()
            let skipped = ["content-length", "date", "server", "connection"]
            let pairs = response.headers.map { ($0.name.lowercased(), $0.value) }
            let headers = pairs.filter { !skipped.contains($0.0) }
            return Answer(status: Int(response.status.code), headers: .init(headers) { "\($0), \($1)" }, body: body)
        } catch {
            try await client.shutdown()
            throw error
        }
    }
}

@Suite("Responses of the server", .timeLimit(.minutes(1)))
struct ResponseTests {
    private static let text = ["content-type": "text/plain; charset=utf-8"]
    private static let pageHeaders = [
        "content-type": "text/html; charset=utf-8", "cache-control": "no-store", "x-content-type-options": "nosniff",
        "referrer-policy": "same-origin",
        "content-security-policy":
            "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src data:; "
            + "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    ]

    @Test("each path has its status, headers and text")
    func paths() async throws {
        try await AnsweringServer.with { server in
            let health = try await server.answer(.GET, "/healthz")
            #expect(health == Answer(status: 200, headers: Self.text, body: "ok\n"))
            let ready = try await server.answer(.GET, "/readyz")
            let lines = "ok loop: it takes jobs\nok redis: no answer \n"
            #expect(ready == Answer(status: 200, headers: Self.text, body: lines))
            let page = try await server.answer(.GET, "/")
            #expect(page == Answer(status: 200, headers: Self.pageHeaders, body: "<p>page</p>"))
            let metrics = try await server.answer(.GET, "/metrics")
            #expect(metrics.status == 200)
            #expect(metrics.headers == ["content-type": "text/plain; version=0.0.4; charset=utf-8"])
            #expect(metrics.body.contains("\nrtm_http_connections_refused_total 0\n"))
            let missing = try await server.answer(.GET, "/nothing")
            #expect(missing.status == 404)
            // Without a token there is nothing to log in to.
            let login = try await server.answer(.POST, "/login", [:], "token=x")
            #expect(login.status == 401 && login.headers["set-cookie"] == nil)
        }
    }

    @Test("a worker that is not ready answers 503 with the reasons, and lives all the same")
    func notReady() async throws {
        try await AnsweringServer.with(isReady: false) { server in
            let ready = try await server.answer(.GET, "/readyz")
            let lines = "ok loop: it takes jobs\nfailing redis: no answer \n"
            #expect(ready == Answer(status: 503, headers: Self.text, body: lines))
            let health = try await server.answer(.GET, "/healthz")
            #expect(health.status == 200)
        }
    }

    @Test("with a token, every path but /healthz asks for it")
    func token() async throws {
        try await AnsweringServer.with(token: "s3cret-token") { server in
            let health = try await server.answer(.GET, "/healthz")
            #expect(health.status == 200)
            for path in ["/", "/readyz", "/metrics", "/nothing"] {
                let refused = try await server.answer(.GET, path)
                #expect(refused.status == 401 && refused.body.hasPrefix("this server needs its token"), "\(path)")
                #expect(refused.headers["www-authenticate"]?.hasPrefix("Bearer, Basic realm=") == true)
            }
            let bearer = ["Authorization": "Bearer s3cret-token"]
            for (path, status) in [("/", 200), ("/readyz", 200), ("/metrics", 200), ("/nothing", 404)] {
                let found = try await server.answer(.GET, path, bearer)
                #expect(found.status == status, "\(path)")
            }
        }
    }

    @Test("a browser gets a form; a wrong token gets the form with a remark, the right one a cookie")
    func form() async throws {
        try await AnsweringServer.with(token: "s3cret-token") { server in
            let form = try await server.answer(.GET, "/", ["Accept": "text/html"])
            #expect(form.status == 401)
            #expect(
                form.headers == [
                    "content-type": "text/html; charset=utf-8", "cache-control": "no-store",
                    "www-authenticate": "Bearer", "content-security-policy": ConsoleFrame.policy,
                    "x-content-type-options": "nosniff", "referrer-policy": "same-origin",
                ]
            )
            #expect(form.body.contains("<form method=\"post\" action=\"/login\" class=\"stack\">"))
            #expect(
                form.body.contains(
                    "Token of this worker (the content of RTM_HTTP_TOKEN_FILE or RTM_HTTP_READ_TOKEN_FILE)"
                )
            )
            #expect(!form.body.contains("This is not the token."))
            let wrong = try await server.answer(.POST, "/login", [:], "token=wrong")
            #expect(wrong.status == 401 && wrong.headers == form.headers)
            #expect(wrong.body.contains("<p class=\"bad\">This is not the token.</p>") && !wrong.body.contains("wrong"))
            let right = try await server.answer(.POST, "/login", [:], "token=s3cret-token")
            #expect(right.status == 303 && right.headers["location"] == "/" && right.body == "")
            #expect(right.headers["cache-control"] == "no-store")
            let cookie = try #require(right.headers["set-cookie"])
            #expect(cookie.hasPrefix("rtm_session=") && cookie.hasSuffix("; Path=/; HttpOnly; SameSite=Strict"))
        }
    }

    @Test("a request for a strange name is refused with the reason")
    func host() async throws {
        try await AnsweringServer.with { server in
            let refused = try await server.answer(.GET, "/healthz", ["Host": "evil.example"])
            #expect(
                refused
                    == Answer(
                        status: 421,
                        headers: Self.text,
                        body: "this server listens on a loopback address and answers requests for localhost, "
                            + "127.0.0.0/8 and [::1] only; a proxy before it must send one of them as Host\n"
                    )
            )
        }
    }
}

@Suite("A submitted form")
struct FormFieldsTests {
    @Test(
        "is decoded as a browser encodes it, and a field with a wrong encoding is none",
        arguments: [
            ("token=abc", "abc"), ("token=", ""), ("a=b&token=c&token=d", "c"), ("token=a+b%2Bc", "a b+c"),
            ("token=%C3%A4%c3%b6", "äö"), ("token=a%3Db=c", "a=b=c"), ("", nil), ("Token=x", nil), ("xtoken=x", nil),
            ("token", nil), ("token=%", nil), ("token=%4", nil), ("token=%zz", nil), ("token=%+1", nil),
            ("token=%-1", nil), ("token=%FF", nil),
        ] as [(String, String?)]
    )
    func tokens(form: String, token: String?) { #expect(FormFields(form)["token"] == token) }

    @Test("keeps all values of a name, in order")
    func all() { #expect(FormFields("a=1&b=x&a=2").all("a") == ["1", "2"]) }
}
