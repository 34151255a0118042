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

/// A worker with all that it runs on: waits for Redis and the Engine, then runs until a graceful shutdown.
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
        guard let info = try await untilNeedsAreMet() else {
            logger.notice("ending before the worker has begun")
            return
        }
        var configuration = configuration
        configuration.node.boundLimits(by: info)
        let identity = WorkerIdentity.new(node: settings.node ?? info.id)
        let redis = RedisClient(redisConfiguration, clientName: "rtmanager-\(identity.nonce)", logger: logger)
        let queue = JobQueue(
            redis: redis,
            keys: Keyspace(namespace: settings.namespace),
            worker: identity,
            options: settings.queueOptions
        )
        let worker = Worker(
            queue: queue,
            docker: docker,
            decoder: decoder,
            configuration: configuration,
            redisConfiguration: redisConfiguration,
            executor: redis.executor,
            logger: logger
        )
        logger.notice(
            "worker begins",
            metadata: [
                "version": "\(RootCommand.version)", "worker": "\(identity.id)",
                "redis": "\(redisConfiguration.displayName)", "namespace": "\(settings.namespace)",
                "engine": "\(info.name) (\(info.serverVersion))", "concurrency": "\(settings.concurrency)",
            ]
        )
        stage.runs(worker, try Actions.dashboard(queue, identity, settings, logger))
        let exporter = Actions.exporter(of: tracer, identity, settings, logger)
        try await Actions.group([redis] + exporter + [worker], settings, logger).run()
    }

    /// Waits until Redis and the Engine answer. Returns what the Engine says of itself; nil where the end came first.
    ///
    /// - Throws: ``CommandError`` for what another try does not change, and at the first miss where the settings want no
    ///   waiting.
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
                try await Actions.requireSoundRedis(redisConfiguration, logger: logger)
                isSound = true
            }
            do throws(Away) { info = try await Actions.askEngine(docker) } catch {
                try Task.checkCancellation()
                try settle(error)
                needs.docker = error.reason
            }
            stage.waits(for: needs)
            RuntimeMetrics.engine(isUp: needs.docker == nil)
            if needs.isMet, let info {
                if hasWaited { logger.notice("Redis and Docker answer; the worker goes on") }
                return info
            }
            hasWaited = true
            let step = patience.missed(now: .now, random: .random(in: 0...1))
            if step.isTold {
                logger.warning("the worker waits for what it needs", metadata: ["missing": "\(needs.sentence)"])
            }
            try await Task.sleep(for: step.pause)
        }
    }

    /// Throws where waiting is no use, or not wanted.
    private func settle(_ away: Away) throws(CommandError) {
        if !away.mayHeal || settings.noWait { throw away.error }
    }
}

/// Why Redis or the Engine cannot be used now.
struct Away: Error, Sendable, Equatable {
    /// As the log and `/readyz` say it.
    var reason: String
    /// As a command that does not wait ends.
    var error: CommandError
    /// Whether it may come back by itself: nobody listens there yet, or it still starts. A refusal does not heal.
    var mayHeal: Bool
}

extension Away {
    /// What a call to the Engine has failed with. An Engine that starts refuses connections, does not answer, or answers
    /// 5xx; one that is too old, or a socket of another group, stays as it is.
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
