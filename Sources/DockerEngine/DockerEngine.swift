import AsyncHTTPClient
import DockerPort
import Logging
import NIOCore
import Synchronization

/// The Docker port over the Engine's HTTP API, on its Unix socket or over TCP.
///
/// The version of the API is negotiated with the first call, and anew after a connection failed. Every call has
/// a deadline (``Deadlines``), none is sent twice, and an error says whether the Engine may have done what was
/// asked. A start takes three calls: create, start, inspect.
package final class DockerEngine: DockerClient {
    /// Where the Engine is, and how long its operations may take.
    package let configuration: Configuration
    let transport: Transport
    let logger: Logger
    let networks = Mutex(NetworkCache())
    let pulls: SharedPulls
    /// Which bounds of processes containers ask for.
    let ulimits = Mutex(UlimitSupport.all)

    /// Makes the clients; nothing is connected before the first call. ``shutdown()`` must be called in the end.
    ///
    /// - Throws: ``ConfigurationError`` where a TLS file cannot be read.
    package init(
        configuration: Configuration = Configuration(),
        logger: Logger = Logger(label: "docker")
    ) throws(ConfigurationError) {
        self.configuration = configuration
        self.logger = logger
        let transport = try Transport(configuration: configuration)
        self.transport = transport
        let logins = RegistryLogins(
            file: configuration.registryFile,
            helperPath: configuration.helperPath,
            deadline: configuration.deadlines.credentialHelper,
            logger: logger
        )
        pulls = SharedPulls { reference, progress throws(DockerError) in
            try await PullRequest(transport: transport, logins: logins, reference: reference).run(progress: progress)
        }
    }

    /// Ends every call and subscription that is under way, and closes the connections.
    package func shutdown() async {
        pulls.close()
        do {
            try await transport.shutdown()
        } catch {
            logger.debug("Docker clients did not shut down cleanly", metadata: ["error": "\(error)"])
        }
    }

    /// Runs `body` with an Engine that is shut down when it ends.
    package static func withEngine<Value>(
        configuration: Configuration = Configuration(),
        logger: Logger = Logger(label: "docker"),
        _ body: (DockerEngine) async throws -> Value
    ) async throws -> Value {
        let engine = try DockerEngine(configuration: configuration, logger: logger)
        do {
            let value = try await body(engine)
            await engine.shutdown()
            return value
        } catch {
            await engine.shutdown()
            throw error
        }
    }
}
