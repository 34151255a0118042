import AsyncHTTPClient
import DockerPort
import Logging
import NIOCore
import Synchronization

/// The implementation of the Docker port: the HTTP API of the Docker Engine, over a Unix socket or TCP.
///
/// The first call negotiates the API version, and so does the first call after a failed connection. Every call has a
/// deadline (``Deadlines``). No call is sent twice, except after a refused API version. Each error says whether the
/// Docker Engine may have made the requested change. A start takes three calls: create, start, inspect.
package final class DockerEngine: DockerClient {
    /// The Docker Engine's address, and the deadlines of the operations.
    package let configuration: Configuration
    let transport: Transport
    let logger: Logger
    let networks = Mutex(NetworkCache())
    let pulls: SharedPulls
    /// The ulimits to request for new containers.
    let ulimits = Mutex(UlimitSupport.all)

    /// Creates the HTTP clients. The first call opens the first connection. The caller must call ``shutdown()`` at the
    /// end.
    ///
    /// - Throws: ``ConfigurationError`` if a TLS file cannot be read.
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

    /// Ends all running calls and subscriptions, and closes the connections.
    package func shutdown() async {
        pulls.close()
        do {
            try await transport.shutdown()
        } catch {
            logger.debug("Docker clients did not shut down cleanly", metadata: ["error": "\(error)"])
        }
    }

    /// Runs `body` with a client, and shuts down the client afterwards.
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
