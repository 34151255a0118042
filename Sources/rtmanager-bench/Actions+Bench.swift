import AdminServer
import Commands
import DockerPort
import JobContract
import JobQueue
import Logging
import Observability
import Redis
import Runtime
import ServiceLifecycle
import Settings
import Terminal

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension Actions {
    static func runBench(_ bench: Bench, output: OutputFormat) async throws(CommandError) {
        let interruption: Interruption
        do {
            interruption = try await Interruption.ending { try await bench.run { try show($0, output) } }
        } catch let error as CommandError {
            throw error
        } catch {
            throw .failed("the bench came to nothing: \(error)")
        }
        if interruption.hasHappened {
            throw .failed("interrupted; everything of the bench has been taken down")
        }
    }

    private static func show(_ report: BenchReport, _ output: OutputFormat) throws {
        switch output {
        case .text: for line in report.lines { StandardOutput.write(line: TerminalText(line)) }
        case .json:
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys]
            StandardOutput.write(line: TerminalText(json: String(decoding: try encoder.encode(report), as: UTF8.self)))
        }
    }

    /// Runs a worker for each in-memory Docker Engine.
    static func runBenchWorkers(
        _ engines: [(node: NodeID, docker: any DockerClient)],
        _ settings: Settings,
        logger: Logger
    ) async throws(CommandError) {
        let configuration = try settings.redisConfiguration()
        var workerConfiguration = try settings.workerConfiguration()
        let tracer = settings.otlpEndpoint.map { _ in OTLPTracer() }
        workerConfiguration.tracer = tracer
        try await requireRedis(configuration, logger: logger)
        let parts = engines.map { node, docker in
            WorkerParts(
                node: node,
                docker: docker,
                decoder: JobDecoder(),
                configuration: workerConfiguration,
                redisConfiguration: configuration,
                settings: settings,
                logger: logger
            )
        }
        let stage = WorkerStage()
        stage.runs(parts[0].worker, try console(parts[0].queue, parts[0].identity, settings, logger))
        let observers =
            exporter(of: tracer, parts[0].identity, settings, logger)
            + adminServer(of: stage, rules: AccessRules(), settings, logger)
        let redis: [any Service] = parts.map(\.redis)
        try await run(redis + observers + parts.map(\.worker), settings, logger)
    }
}
