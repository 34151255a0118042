import AdminServer
import Diagnostics
import DockerEngine
import DockerPort
import JobContract
import JobQueue
import Logging
import Observability
import Primitives
import Redis
import Runtime
import RuntimeClient
import ServiceLifecycle
import Settings
import Terminal

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The actions of the commands, for checked arguments and settings.
///
/// Each action throws ``CommandError``. The error's case decides the exit code.
package enum Actions {
    /// Runs a worker until SIGTERM or SIGINT.
    static func runWorker(_ settings: Settings, logger: Logger) async throws(CommandError) {
        let rules = try settings.accessRules()
        let tracer = settings.otlpEndpoint.map { _ in OTLPTracer() }
        var configuration = try settings.workerConfiguration()
        configuration.tracer = tracer
        let docker = try engine(logger: logger)
        do throws(CommandError) {
            let stage = WorkerStage()
            let worker = WorkerService(
                settings: settings,
                redisConfiguration: try workerRedisConfiguration(settings),
                decoder: JobDecoder(signer: try settings.signer()),
                configuration: configuration,
                tracer: tracer,
                docker: docker,
                stage: stage,
                logger: logger
            )
            if settings.allowedImages.isEmpty {
                logger.warning(
                    "RTM_ALLOWED_IMAGES is empty: images of every named registry may run",
                    metadata: ["example": "RTM_ALLOWED_IMAGES=registry.example/games/**"]
                )
            }
            let adminServer = adminServer(of: stage, rules: rules, settings, logger)
            let notifier = SystemdNotifier.ofProcess(stage, logger)
            try await run(adminServer + notifier + [worker], settings, logger)
        } catch {
            await docker.shutdown()
            throw error
        }
        await docker.shutdown()
    }

    /// Runs the services until a signal. The services end in reverse order.
    package static func run(
        _ services: [any Service],
        _ settings: Settings,
        _ logger: Logger
    ) async throws(CommandError) {
        do {
            try await SignalledShutdown(logger: logger).run(group(services, settings, logger))
        } catch let error as CommandError {
            throw error
        } catch {
            throw .failed("the worker ended unexpectedly: \(error)")
        }
    }

    /// Returns a group of the services. The group ends together with the last service in the list, and the other
    /// services then end gracefully.
    package static func group(_ services: [any Service], _ settings: Settings, _ logger: Logger) -> ServiceGroup {
        var configuration = ServiceGroupConfiguration(
            services: services.dropLast().map { .init(service: $0) }
                + services.suffix(1).map {
                    // A cancelled HTTP server could trap on a new connection, and hide the error of the worker.
                    .init(
                        service: $0,
                        successTerminationBehavior: .gracefullyShutdownGroup,
                        failureTerminationBehavior: .gracefullyShutdownGroup
                    )
                },
            logger: quiet(logger)
        )
        // Each service has its own deadlines. These durations are the last resort.
        configuration.maximumGracefulShutdownDuration = .seconds(settings.drainTimeoutSeconds + 15)
        configuration.maximumCancellationDuration = .seconds(10)
        return ServiceGroup(configuration: configuration)
    }

    /// Returns a logger for errors only, because a service group logs each of its steps.
    private static func quiet(_ logger: Logger) -> Logger {
        var logger = logger
        logger.logLevel = max(logger.logLevel, .error)
        return logger
    }

    /// Returns the worker's configuration of Redis. Short pauses let the worker reconnect before its leases end.
    static func workerRedisConfiguration(_ settings: Settings) throws(CommandError) -> RedisConfiguration {
        var configuration = try settings.redisConfiguration()
        configuration.backoff.cap = min(configuration.backoff.cap, .seconds(settings.leaseTTLSeconds) / 4)
        return configuration
    }

    /// Throws an error of a single sentence if Redis does not answer.
    package static func requireRedis(_ configuration: RedisConfiguration, logger: Logger) async throws(CommandError) {
        do throws(Away) {
            try await askRedis(configuration, logger: logger)
        } catch {
            throw error.error
        }
    }

    /// Pings Redis, as a worker would.
    static func askRedis(_ configuration: RedisConfiguration, logger: Logger) async throws(Away) {
        var (configuration, silent) = (configuration, logger)
        configuration.failsIfRefused = true
        silent.logLevel = .critical
        do {
            try await RedisClient.withClient(configuration, logger: silent) { client in
                _ = try await client.send(RedisCommand("PING"), timeout: configuration.reachTimeout)
            }
        } catch {
            throw Away(redis: error)
        }
    }

    /// Returns the Docker Engine's description of itself.
    static func askEngine(_ docker: DockerEngine) async throws(Away) -> EngineInfo {
        do throws(DockerError) {
            return try await docker.info()
        } catch {
            throw Away(error)
        }
    }

    /// Throws if this Redis could lose jobs, or refuses a command of a worker.
    static func requireSoundRedis(
        _ configuration: RedisConfiguration,
        _ keys: Keyspace,
        logger: Logger
    ) async throws(Away) {
        let found: (policy: String?, refused: [String], user: String?, mayUseKeys: Bool)
        do {
            found = try await RedisClient.withClient(configuration, logger: logger) { client in
                let policy = await evictionPolicy(client, logger: logger)
                let refused = try await RedisPermissions.refused(to: client, keys)
                guard !refused.isEmpty else { return (policy, refused, nil, true) }
                let user = try? await client.send(RedisCommand("ACL", "WHOAMI")).string
                return (policy, refused, user, try await RedisPermissions.mayUseKeys(client, keys))
            }
        } catch {
            // Redis may be away again.
            throw Away(redis: error)
        }
        if let policy = found.policy, policy != "noeviction" {
            let text =
                "Redis at \(configuration.displayName) evicts keys when its memory is full (maxmemory-policy \(policy)), "
                + "and jobs with them; fix: CONFIG SET maxmemory-policy noeviction, and the same in redis.conf or in the "
                + "parameter group of a managed Redis"
            throw Away(reason: text, error: .failed(text), mayHeal: false)
        }
        // A job would end in the middle of a function.
        guard !found.refused.isEmpty else { return }
        let user = found.user ?? configuration.username
        guard found.mayUseKeys else {
            let text = RedisPermissions.forbidden(user: user ?? "default", keys) + "; is RTM_NAMESPACE right?"
            throw Away(reason: text, error: .outOfReach(text), mayHeal: false)
        }
        let mend = RedisPermissions.mend(
            found.refused,
            user: user,
            keyPattern: RedisPermissions.keyPattern(keys)
        )
        let text = "Redis refuses commands of a worker: \(found.refused.joined(separator: " ")); fix: \(mend)"
        throw Away(reason: text, error: .outOfReach(text), mayHeal: false)
    }

    /// Returns what a Redis with full memory does; nil, with a warning: Redis does not report it.
    private static func evictionPolicy(_ client: RedisClient, logger: Logger) async -> String? {
        do {
            // A managed Redis often refuses CONFIG.
            let info = try? await client.send(RedisCommand("INFO", "memory")).string
            if let policy = RedisFacts.evictionPolicy(inInfo: info ?? "") { return policy }
            return try await client.send(RedisCommand("CONFIG", "GET", "maxmemory-policy")).array?.last?.string
        } catch {
            logger.warning(
                "Redis does not report its eviction policy; set it to noeviction, or a full Redis loses jobs",
                metadata: ["error": "\(error)"]
            )
            return nil
        }
    }

    package static func outOfReach(_ error: any Error) -> CommandError {
        // Redis has answered, and the answer states the problem.
        let hint = "rtmanager doctor says what is wrong with Redis' keys and permissions"
        if let error = error as? QueueError, error.isRefusal { return .failed("\(error); \(hint)") }
        if case .refused(let text)? = error as? ClientError { return .failed("\(text); \(hint)") }
        return .outOfReach("\(error); \(RedisHint.text(for: "\(error)"))")
    }

    package static func engine(logger: Logger) throws(CommandError) -> DockerEngine {
        do {
            let environment = ProcessInfo.processInfo.environment
            return try DockerEngine(configuration: try .init(environment: environment), logger: logger)
        } catch {
            throw .wrongUse("\(error)")
        }
    }
}

extension WorkerIdentity {
    /// Returns the identity of a new worker in this process.
    package static func new(node: NodeID, machine: MachineFingerprint? = nil) -> WorkerIdentity {
        let nonce = String(UInt64.random(in: .min ... .max), radix: 36)
        // A job's record in Redis separates ids by spaces, so the host's name must not hold a space.
        let host = ProcessInfo.processInfo.hostName.prefix(64).map { $0.isWhitespace ? "-" : String($0) }.joined()
        return WorkerIdentity(
            id: "\(host)-\(ProcessInfo.processInfo.processIdentifier)-\(nonce)",
            node: node,
            nonce: nonce,
            machine: machine
        )
    }
}
