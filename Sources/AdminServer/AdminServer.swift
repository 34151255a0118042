import Hummingbird
import Logging
import NIOCore
import Observability
import ServiceLifecycle

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Whether a worker can do its work, with the reasons.
package struct Readiness: Sendable, Equatable {
    /// A check of something the worker needs.
    package struct Check: Sendable, Equatable {
        package var name: String
        package var holds: Bool
        /// The reason, as a sentence for a person.
        package var reason: String

        package init(name: String, holds: Bool, reason: String) {
            self.name = name
            self.holds = holds
            self.reason = reason
        }
    }

    package var checks: [Check]

    package init(checks: [Check]) { self.checks = checks }

    package var isReady: Bool { checks.allSatisfy(\.holds) }

    /// Returns a reason on a single line. Messages of Redis or Docker may have several lines, and their lines must not
    /// look like checks.
    private static func line(_ reason: String) -> String {
        let unwanted: Set<Unicode.GeneralCategory> = [.control, .format, .lineSeparator, .paragraphSeparator]
        return String(
            String.UnicodeScalarView(
                reason.unicodeScalars.map { unwanted.contains($0.properties.generalCategory) ? " " : $0 }
            )
        )
    }

    /// The checks, each on a line.
    package var text: String {
        checks.map { "\($0.holds ? "ok" : "failing") \($0.name): \(Self.line($0.reason))\n" }.joined()
    }
}

/// The HTTP server of a worker.
///
/// `/healthz` answers while the process lives. `/readyz` reports whether the worker can do its work. `/metrics` serves
/// the metrics. All other addresses are pages for people.
package struct AdminServer: Service {
    private let host: String
    private let port: Int
    private let logger: Logger
    private let rules: AccessRules
    private let metrics: PrometheusRegistry
    private let readiness: @Sendable () -> Readiness
    private let console: @Sendable (ConsoleRequest) async -> ConsoleAnswer
    /// Receives the port as soon as the server listens.
    var onListening: @Sendable (Int) -> Void = { _ in }

    /// Creates a server.
    ///
    /// - Parameters:
    ///   - rules: Who may do what.
    ///   - readiness: Called for each request to `/readyz`.
    ///   - console: Called for each request for a page of the console.
    package init(
        host: String,
        port: Int,
        rules: AccessRules = AccessRules(),
        metrics: PrometheusRegistry,
        logger: Logger,
        readiness: @escaping @Sendable () -> Readiness,
        console: @escaping @Sendable (ConsoleRequest) async -> ConsoleAnswer
    ) {
        self.metrics = metrics
        self.rules = rules
        self.host = host
        self.port = port
        self.logger = logger
        self.readiness = readiness
        self.console = console
    }

    /// Serves until a graceful shutdown. If the address cannot be used, the server logs a warning and the worker
    /// continues: several workers on a machine share the same default address.
    package func run() async throws {
        // Probes and proxies may send HEAD.
        let router = Router(context: ServerContext.self, options: .autoGenerateHeadEndpoints)
        if let loopback = LoopbackHost(boundTo: host) { router.add(middleware: loopback) }
        router.get("healthz") { _, _ in "ok\n" }
        ConsoleAsset.add(to: router)
        let access = AccessGate(rules)
        router.post(RouterPath(LoginForm.path)) { request, _ in try await access.login(request) }
        router.post("logout") { request, _ in access.logout(request) }
        router.add(middleware: access)
        router.get("readyz") { _, _ in
            let readiness = readiness()
            return EditedResponse(
                status: readiness.isReady ? .ok : .serviceUnavailable,
                response: readiness.text
            )
        }
        router.get("metrics") { _, _ in
            EditedResponse(
                headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
                response: metrics.text
            )
        }
        ConsoleEndpoint(console).add(to: router)
        var quiet = logger
        quiet.logLevel = max(logger.logLevel, .warning)
        let gate = ConnectionGate(metrics: metrics)
        let application = Application(
            router: router,
            server: .http1(configuration: gate.configuration),
            configuration: ApplicationConfiguration(
                address: .hostname(host, port: port),
                // Closing connections still hold their descriptors.
                availableConnectionsDelegate: .maximum(2 * ConnectionGate.limit, logger: quiet)
            ),
            onServerRunning: { channel in
                let port = channel.localAddress?.port ?? port
                logger.info("the console is ready", metadata: ["address": "http://\(host):\(port)/"])
                onListening(port)
            },
            logger: quiet
        )
        do {
            try await application.run()
        } catch is CancellationError {
            return
        } catch {
            logger.warning("\(problem(error))")
            try? await gracefulShutdown()
        }
    }

    /// Returns a sentence about an address that cannot be used.
    private func problem(_ error: any Error) -> String {
        let reason =
            switch (error as? IOError)?.errnoCode {
            case EADDRINUSE?: "another program, such as another worker, has the port \(port) of \(host)"
            case EACCES?: "this user may not take the port \(port) of \(host)"
            case EADDRNOTAVAIL?: "\(host) is no address of this machine"
            default: "\(host):\(port) cannot be used (\(error))"
            }
        return "no console, metrics and health checks of this worker: \(reason); set RTM_HTTP to another HOST:PORT"
    }
}
