import JobContract
import AdminServer
import Diagnostics
import JobQueue
import Logging
import Metrics
import Observability
import Pages
import Primitives
import QueueAdmin
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

// The view of a worker from outside: health, metrics and traces.
extension Actions {
    /// Returns the server of a worker's health, metrics and page; empty: the settings turn the server off.
    ///
    /// The server answers even before the worker has begun.
    package static func adminServer(
        of stage: WorkerStage,
        rules: AccessRules,
        _ settings: Settings,
        _ logger: Logger
    ) -> [any Service] {
        guard let address = settings.http else { return [] }
        let metrics = PrometheusRegistry(help: RuntimeMetrics.help)
        MetricsSystem.bootstrap(metrics)
        return [
            AdminServer(host: address.host, port: address.port, rules: rules, metrics: metrics, logger: logger) {
                stage.readiness
            } console: {
                await stage.answer($0)
            }
        ]
    }

    /// Returns the exporter of a worker's traces; empty: the settings turn traces off.
    package static func exporter(
        of tracer: OTLPTracer?,
        _ worker: WorkerIdentity,
        _ settings: Settings,
        _ logger: Logger
    ) -> [any Service] {
        guard let tracer, let endpoint = settings.otlpEndpoint else { return [] }
        return [exporter(of: tracer, to: endpoint, worker.id, node: worker.node, logger)]
    }

    /// Returns the operators' console of a worker. The console reads Redis over the worker's own connection.
    package static func console(
        _ queue: JobQueue,
        _ worker: WorkerIdentity,
        _ settings: Settings,
        _ logger: Logger
    ) throws(CommandError) -> Console {
        let title = try title(settings)
        let pushedAt = try pushTimes(settings)
        let client = RuntimeClient(
            queue.client,
            namespace: settings.namespace,
            signingKeys: try settings.signingKeys(),
            logger: logger
        )
        let decoder = JobDecoder(signer: try settings.signer())
        let dashboard = Dashboard {
            var look = DashboardLook(status: try await collect(queue, title, rows: 200, containers: 2_000, pushedAt))
            look.minutes = try await queue.minuteHistory()
            look.results = try await client.entries(of: .results, limit: DashboardLook.mostResults)
            look.warnings = try await RedisExamination(queue: queue).cheapFacts(look.status.overview).findings
                .filter { $0.level != .ok }
            return look
        }
        let writer = ConsoleWriter(queue: queue, client: client, decoder: decoder, logger: logger)
        return Console(
            worker: worker.id,
            dashboard: dashboard,
            reader: ConsoleReader(queue: queue, client: client, decoder: decoder, dashboard: dashboard)
        ) {
            await writer.perform($0, by: $1)
        }
    }

    /// Returns whether a worker can do its work, with the reasons.
    ///
    /// A worker hears from Redis at least every 2.5 s, so a silence of 5 s is no coincidence.
    package static func readiness(_ health: WorkerHealth) -> Readiness {
        let hearsRedis = health.sinceProgress < .seconds(5)
        let silence = "its last answer came \(ShortTime.span(milliseconds: health.sinceProgress.milliseconds)) ago"
        let loop: (Bool, String) =
            if health.isDraining {
                (false, "the worker ends and takes no more jobs")
            } else if !hearsRedis {
                (false, "it waits for Redis and takes no jobs")
            } else if !health.engineAnswers {
                (false, "it waits for the Docker Engine and takes no jobs")
            } else if let problem = health.loopProblem {
                (false, problem)
            } else {
                (true, "it takes jobs")
            }
        return Readiness(checks: [
            .init(name: "loop", holds: loop.0, reason: loop.1),
            .init(name: "redis", holds: hearsRedis, reason: silence),
            .init(
                name: "docker",
                holds: health.engineAnswers,
                reason: health.engineAnswers ? "the Docker Engine answers" : "the Docker Engine does not answer"
            ),
            .init(
                name: "network",
                holds: health.networkProblem == nil,
                reason: health.networkProblem ?? "the games' network is there"
            ),
            .init(
                name: "keys",
                holds: health.keyProblems.isEmpty,
                reason: health.keyProblems.first ?? "all keys in Redis have their right types"
            ),
        ])
    }

    private static func exporter(
        of tracer: OTLPTracer,
        to endpoint: String,
        _ worker: String,
        node: NodeID,
        _ logger: Logger
    ) -> OTLPExporter {
        OTLPExporter(
            tracer,
            endpoint: endpoint,
            resource: [("service.name", "rtmanager"), ("service.instance.id", worker), ("rtm.node", node.text)],
            version: RootCommand.version,
            logger: logger
        )
    }
}
