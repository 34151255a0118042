import Logging
import ServiceLifecycle

@testable import AdminServer

extension AdminServer {
    /// Runs the server while `body` runs, then ends it gracefully, as a worker does.
    ///
    /// A cancelled server could trap: NIO allows no end without a response to a connection that was just accepted.
    func whileRunning(_ body: @Sendable (_ port: Int) async throws -> Void) async throws {
        let (ports, continuation) = AsyncStream.makeStream(of: Int.self)
        var server = self
        server.onListening = { continuation.yield($0) }
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let services = ServiceGroup(configuration: .init(services: [server], logger: logger))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await services.run() }
            let outcome: Result<Void, any Error>
            do {
                for await port in ports {
                    try await body(port)
                    break
                }
                outcome = .success(())
            } catch {
                outcome = .failure(error)
            }
            await services.triggerGracefulShutdown()
            try await group.waitForAll()
            try outcome.get()
        }
    }
}
