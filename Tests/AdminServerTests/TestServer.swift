import Foundation
import Glibc
import Logging
import NIOCore
import Support
import Synchronization
import Testing

@testable import AdminServer
@testable import Observability

/// A server on a free port.
struct Server {
    let port: Int
    let metrics: PrometheusRegistry

    static func with(
        host: String = "127.0.0.1",
        rules: AccessRules = AccessRules(),
        _ body: @Sendable (Server) async throws -> Void
    )
        async throws
    {
        let metrics = PrometheusRegistry()
        let adminServer = AdminServer(host: host, port: 0, rules: rules, metrics: metrics, logger: .silent) {
            Readiness(checks: [])
        } console: { _ in
            .page("page")
        }
        try await adminServer.whileRunning { port in try await body(Server(port: port, metrics: metrics)) }
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
final class ClientSocket: Sendable {
    private let descriptor: Int32
    private let received = Mutex<[UInt8]>([])

    init(port: Int) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        let address = try SocketAddress(ipAddress: "127.0.0.1", port: port)
        let answer = address.withSockAddr { [descriptor] in connect(descriptor, $0, socklen_t($1)) }
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
