import Logging
import Observability
import ServiceLifecycle
import Support
import Testing

@testable import AdminServer

@Suite("An address that the server cannot use", .timeLimit(.minutes(1)))
struct TakenPortTests {
    private static func server(_ host: String = "127.0.0.1", port: Int = 0, _ logger: Logger = .silent) -> AdminServer {
        AdminServer(host: host, port: port, metrics: PrometheusRegistry(), logger: logger) {
            Readiness(checks: [])
        } console: { _ in
            .page("page")
        }
    }

    /// Returns the log of a server without an address. The server must end gracefully, and not before.
    private static func log(of host: String = "127.0.0.1", port: Int) async throws -> [String] {
        let record = LogRecord()
        let services = ServiceGroup(
            configuration: .init(services: [server(host, port: port, record.logger())], logger: .silent)
        )
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await services.run() }
            try await eventually("the warning") { !record.lines.isEmpty }
            await services.triggerGracefulShutdown()
            try await group.waitForAll()
        }
        return record.lines
    }

    @Test("is named with the setting, if another program has the port")
    func taken() async throws {
        try await Self.server().whileRunning { port in
            let lines = try await Self.log(port: port)
            #expect(
                lines == [
                    "warning no console, metrics and health checks of this worker: another program, such as another worker, "
                        + "has the port \(port) of 127.0.0.1; set RTM_HTTP to another HOST:PORT"
                ]
            )
        }
    }

    @Test("is named with the setting, if it is of another machine")
    func foreign() async throws {
        let lines = try await Self.log(of: "192.0.2.1", port: 8_081)
        #expect(
            lines == [
                "warning no console, metrics and health checks of this worker: 192.0.2.1 is no address of this machine; "
                    + "set RTM_HTTP to another HOST:PORT"
            ]
        )
    }
}
