import Logging
import Redis
import Settings

/// Measures a worker in its own process, scenario by scenario. Each scenario measures its baseline in the same run.
struct Bench: Sendable {
    var options: BenchOptions
    var settings: Settings
    var logger: Logger

    /// Runs the scenarios.
    ///
    /// - Parameter report: Called at the end of each scenario, and of each turn of `peers`.
    func run(_ report: (BenchReport) throws -> Void) async throws {
        try await BenchStage.with(options, settings, logger) { stage in
            for scenario in options.scenarios {
                try await stage.redis.empty()
                if scenario == .peers {
                    try await stage.peers(report)
                } else {
                    try report(BenchReport(scenario: scenario, figures: try await figures(scenario, stage)))
                }
            }
        }
    }

    private func figures(_ scenario: BenchScenario, _ stage: BenchStage) async throws -> [BenchFigure] {
        switch scenario {
        case .drain: try await stage.drain()
        case .latency: try await stage.latency()
        case .backlog: try await stage.backlog()
        case .idle: try await stage.idle()
        case .start: try await stage.start()
        case .rate: try await stage.rate()
        case .events: try await stage.events()
        case .failover: try await stage.failover()
        case .soak: try await stage.soak()
        case .reconcile: try await stage.reconcile()
        case .fleet: try await stage.fleet()
        case .nodes: try await stage.nodes()
        // This scenario reports by itself.
        case .peers: []
        }
    }
}
