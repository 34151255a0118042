import AdminServer
import DockerEngine
import DockerPort
import JobContract
import JobQueue
import Logging
import Observability
import Redis
import Runtime
import RuntimeCore
import ServiceLifecycle
import Settings
import Terminal

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Runs a worker: waits for Redis and the Docker Engine, then works until a graceful shutdown.
struct WorkerService: Service {
    let settings: Settings
    let redisConfiguration: RedisConfiguration
    let decoder: JobDecoder
    let configuration: WorkerConfiguration
    let tracer: OTLPTracer?
    let docker: DockerEngine
    let stage: WorkerStage
    let logger: Logger

    func run() async throws {
        CallMetrics.begin()
        BuildInfo.record()
        guard let info = try await untilNeedsAreMet() else {
            logger.notice("ending before the start of the worker")
            return
        }
        var configuration = configuration
        configuration.node.boundLimits(by: info)
        for problem in settings.capacityProblems(on: info) { logger.warning("\(problem)") }
        let parts = WorkerParts(
            node: settings.node ?? NodeID(info.id),
            machine: MachineFingerprint(of: info, docker.configuration.endpoint),
            host: info,
            docker: docker,
            decoder: decoder,
            configuration: configuration,
            redisConfiguration: redisConfiguration,
            settings: settings,
            logger: logger
        )
        logger.notice(
            "worker begins",
            metadata: [
                "version": "\(RootCommand.version)", "worker": "\(parts.identity.id)",
                "redis": "\(redisConfiguration.displayName)", "namespace": "\(settings.namespace)",
                "engine": "\(info.name) (\(info.serverVersion))", "concurrency": "\(settings.concurrency)",
            ]
        )
        stage.runs(parts.worker, try Actions.console(parts.queue, parts.identity, settings, logger))
        let exporter = Actions.exporter(of: tracer, parts.identity, settings, logger)
        let minutes = MinuteKeeper(queue: parts.queue, logger: logger)
        try await Actions.group([parts.redis, minutes] + exporter + [parts.worker], settings, logger).run()
    }

    /// Waits until Redis and the Docker Engine answer.
    ///
    /// - Returns: The Docker Engine's description of itself; nil: the shutdown came first.
    /// - Throws: ``CommandError`` for a failure without hope of recovery. If `RTM_NO_WAIT` is set, also for any other
    ///   failure.
    private func untilNeedsAreMet() async throws -> EngineInfo? {
        do {
            return try await cancelWhenGracefulShutdown { try await wait() }
        } catch is CancellationError {
            return nil
        }
    }

    private func wait() async throws -> EngineInfo {
        var patience = StartPatience()
        var hasWaited = false
        var isSound = false
        while true {
            var needs = StartNeeds()
            var info: EngineInfo?
            do throws(Away) { try await Actions.askRedis(redisConfiguration, logger: logger) } catch {
                try Task.checkCancellation()
                try settle(error)
                needs.redis = error.reason
                isSound = false
            }
            if needs.redis == nil, !isSound {
                do throws(Away) {
                    let keys = Keyspace(namespace: settings.namespace)
                    try await Actions.requireSoundRedis(redisConfiguration, keys, logger: logger)
                    isSound = true
                } catch {
                    try Task.checkCancellation()
                    try settle(error)
                    needs.redis = error.reason
                }
            }
            do throws(Away) { info = try await Actions.askEngine(docker) } catch {
                try Task.checkCancellation()
                try settle(error)
                needs.docker = error.reason
            }
            stage.waits(for: needs)
            RuntimeMetrics.engine(isUp: needs.docker == nil)
            if needs.isMet, let info {
                if hasWaited { logger.notice("Redis and Docker answer; the worker starts") }
                return info
            }
            hasWaited = true
            let step = patience.missed(now: .now, random: .random(in: 0...1))
            if step.isTold {
                logger.warning("the worker waits for Redis or Docker", metadata: ["missing": "\(needs.sentence)"])
            }
            try await Task.sleep(for: step.pause)
        }
    }

    /// Throws if a wait is useless or unwanted.
    private func settle(_ away: Away) throws(CommandError) {
        if !away.mayHeal || settings.noWait { throw away.error }
    }
}

extension MachineFingerprint {
    /// Creates the fingerprint of the Docker Engine's machine. Behind a network, the worker's own kernel says nothing.
    fileprivate init(of info: EngineInfo, _ endpoint: DockerEngine.Endpoint) {
        var boot: String?
        if case .unix = endpoint { boot = Self.bootID() }
        self.init(engine: info.id, name: info.name, root: info.rootDirectory, boot: boot)
    }

    /// Returns the id of the kernel's boot; nil if the kernel has none, as on macOS.
    private static func bootID() -> String? {
        guard let text = try? String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8) else {
            return nil
        }
        return text.filter { !$0.isWhitespace }
    }
}

/// The reason why Redis or the Docker Engine is unusable now.
struct Away: Error, Sendable, Equatable {
    /// The reason, for the log and `/readyz`.
    var reason: String
    /// The error of a command without a wait.
    var error: CommandError
    /// Whether the service may recover by itself, for example by finishing its start. A refusal is permanent.
    var mayHeal: Bool
}

extension Away {
    /// Creates the reason from a failed call to Redis. A refusal of the credentials or permissions is permanent.
    init(redis error: any Error) {
        reason = "\(error)"
        self.error = Actions.outOfReach(error)
        mayHeal = (error as? RedisError)?.isRefusal != true
    }

    /// Creates the reason from a failed call to the Docker Engine.
    ///
    /// A starting Docker Engine refuses connections, does not answer, or answers with a 5xx status. An old version or a
    /// socket without permission is permanent.
    init(_ failure: DockerError) {
        reason = failure.message
        error = .outOfReach("\(failure.message) (DOCKER_HOST says where it is)")
        mayHeal =
            switch failure.code {
            case .timeout, .cancelled: true
            case .unavailable: !failure.message.contains("permission denied")
            default: (failure.status ?? 0) >= 500
            }
    }
}
