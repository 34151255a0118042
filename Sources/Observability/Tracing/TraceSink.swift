import Hummingbird
import Logging

/// A collector for benchmarks: it reads traces and discards them, so a measurement covers only making and sending them.
package enum TraceSink {
    /// Runs `body` with the endpoint of a sink on a free port of the loopback address. The sink ends with `body`.
    ///
    /// - Throws: The error of `body`, or the reason why the sink has no port.
    package static func with<R: Sendable>(
        logger: Logger,
        _ body: (String) async throws -> R
    ) async throws -> R {
        let router = Router()
        router.post("/v1/traces") { request, _ in
            for try await _ in request.body {}
            return HTTPResponse.Status.ok
        }
        var quiet = logger
        // The cancellation at the end is no failure and needs no log entry.
        quiet.logLevel = .critical
        let (ports, told) = AsyncStream.makeStream(of: Int.self, bufferingPolicy: .bufferingOldest(1))
        let application = Application(
            router: router,
            configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { channel in
                if let port = channel.localAddress?.port { told.yield(port) }
                told.finish()
            },
            logger: quiet
        )
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                defer { told.finish() }
                try await application.run()
            }
            var port: Int?
            for await known in ports { port = known }
            guard let port else {
                try await group.waitForAll()
                throw CancellationError()
            }
            let result = try await body("http://127.0.0.1:\(port)")
            group.cancelAll()
            return result
        }
    }
}
