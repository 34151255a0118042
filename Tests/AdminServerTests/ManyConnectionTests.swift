import Foundation
import Glibc
import Support
import Testing

@testable import AdminServer
@testable import Observability

/// Alone in the process: a program that another test starts meanwhile inherits sockets of the server, and so keeps
/// connections open that the server has closed.
@Suite("More connections than the server keeps", .tags(.timing), .timeLimit(.minutes(1)))
struct ManyConnectionTests {
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
}
