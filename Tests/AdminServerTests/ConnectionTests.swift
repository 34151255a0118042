import Foundation
import Glibc
import Logging
import Support
import Synchronization
import Testing

@testable import AdminServer
@testable import Observability

/// A server on a free port.
private struct Server {
    let port: Int
    let metrics: PrometheusRegistry

    static func with(host: String = "127.0.0.1", token: String? = nil, _ body: @Sendable (Server) async throws -> Void)
        async throws
    {
        let metrics = PrometheusRegistry()
        let (ports, continuation) = AsyncStream.makeStream(of: Int.self)
        var adminServer = AdminServer(host: host, port: 0, token: token, metrics: metrics, logger: .silent) {
            Readiness(checks: [])
        } page: {
            "page"
        }
        adminServer.onListening = { continuation.yield($0) }
        let service = adminServer
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await service.run() }
            for await port in ports {
                try await body(Server(port: port, metrics: metrics))
                break
            }
            group.cancelAll()
        }
    }

    /// The answer to a request on a connection of its own.
    func answer(to path: String, host: String? = "localhost", within limit: Duration = .seconds(10)) async throws
        -> String
    {
        let socket = try ClientSocket(port: port)
        let head = host.map { "Host: \($0)\r\n" } ?? ""
        socket.send("GET \(path) HTTP/1.1\r\n\(head)Connection: close\r\n\r\n")
        try await eventually("the answer to \(path)", within: limit) { socket.isAtEnd() }
        return socket.text
    }
}

/// One end of a TCP connection, which waits for nothing.
private final class ClientSocket: Sendable {
    private let descriptor: Int32
    private let received = Mutex<[UInt8]>([])

    init(port: Int) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(port).bigEndian)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let answer = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard answer == 0 else { throw Overdue("cannot connect: \(String(cString: strerror(errno)))") }
        _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
    }

    deinit { close(descriptor) }

    func send(_ text: String) { _ = Glibc.send(descriptor, text, text.utf8.count, Int32(MSG_NOSIGNAL)) }

    var text: String { received.withLock { String(decoding: $0, as: UTF8.self) } }

    /// Reads what is there. Answers whether the server has closed the connection.
    func isAtEnd() -> Bool {
        var buffer = [UInt8](repeating: 0, count: 4_096)
        while true {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            if count > 0 {
                received.withLock { $0 += buffer[..<count] }
            } else {
                return count == 0 || errno != EAGAIN
            }
        }
    }
}

@Suite("Connections of the server", .timeLimit(.minutes(1)))
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

    @Test("with 1,100 silent connections the server answers others, and keeps a few silent ones for seconds")
    func silentConnections() async throws {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        limit.rlim_cur = min(limit.rlim_max, 8_192)
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        try await Server.with { server in
            var sockets: [ClientSocket] = []
            for _ in 0..<11 {
                for number in 0..<100 {
                    let socket = try ClientSocket(port: server.port)
                    if number.isMultiple(of: 2) { socket.send("GET /metrics HTTP/1.1\r\nHost: localhost\r\n") }
                    sockets.append(socket)
                }
                // The answer says that the server has accepted those before. More than its backlog at once, and the kernel
                // lets clients believe in connections that the server never hears of.
                #expect(try await server.answer(to: "/healthz", within: .seconds(2)).hasSuffix("ok\n"))
            }
            let metrics = try await server.answer(to: "/metrics", within: .seconds(2))
            let count = metrics.firstMatch(of: #/\nrtm_http_connections_refused_total (\d+)/#).flatMap { Int($0.1) }
            #expect(count ?? 0 >= 1_100 - ConnectionGate.limit)
            try await eventually("the end of all connections", within: .seconds(20), until: { $0 == 0 }) {
                sockets.count { !$0.isAtEnd() }
            }
        }
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
        try await Server.with(token: "s3cret;to ken") { server in
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
            for head in ["GET / HTTP/1.1", "GET /metrics HTTP/1.1\r\nAccept: text/html"] {
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

@Suite("The table of connections")
struct ConnectionTableTests {
    private let start = ContinuousClock.now

    private func table(_ count: Int) -> ConnectionTable {
        var table = ConnectionTable(limit: 3, patience: .seconds(1))
        for id in 0..<count { #expect(table.opened(id, now: start) == nil) }
        return table
    }

    @Test("a new connection replaces the connection that has been silent longest")
    func silent() {
        var table = table(3)
        table.began(0, now: start)
        table.answered(0, now: start)
        #expect(table.opened(3, now: start) == 1)
        #expect(table.opened(4, now: start) == 2)
        #expect(table.opened(5, now: start) == 0)
        #expect(table.count == 3)
    }

    @Test("a connection with a request in progress stays, unless the request takes too long")
    func busy() {
        var table = table(3)
        for id in 0..<3 { table.began(id, now: start) }
        #expect(table.opened(3, now: start) == 3)
        #expect(table.count == 3)
        #expect(table.opened(4, now: start.advanced(by: .seconds(2))) == 0)
        #expect(table.count == 3)
    }

    @Test("a closed connection frees its slot; the end of a replaced connection changes nothing")
    func ends() {
        var table = table(3)
        table.closed(1)
        #expect(table.opened(3, now: start) == nil)
        #expect(table.opened(4, now: start) == 0)
        table.closed(0)
        #expect(table.count == 3)
    }
}
