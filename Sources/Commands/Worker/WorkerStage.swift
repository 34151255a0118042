import AdminServer
import Runtime
import Synchronization

/// The stage of a worker's start, for observers outside.
package final class WorkerStage: Sendable {
    private enum Stage {
        /// The worker waits. Nil: the worker has not checked its needs yet.
        case waiting(StartNeeds?)
        case running(Worker, Console)
    }

    package init() {}

    private let stage = Mutex(Stage.waiting(nil))

    func waits(for needs: StartNeeds) { stage.withLock { $0 = .waiting(needs) } }

    package func runs(_ worker: Worker, _ console: Console) { stage.withLock { $0 = .running(worker, console) } }

    package var readiness: Readiness {
        switch stage.withLock({ $0 }) {
        case .waiting(let needs): Self.readiness(needs)
        case .running(let worker, _): Actions.readiness(worker.health)
        }
    }

    private static let wait = "the worker waits for Redis or Docker"

    package func answer(_ request: ConsoleRequest) async -> ConsoleAnswer {
        switch stage.withLock({ $0 }) {
        case .waiting:
            switch request {
            // Every page says what the worker waits for.
            case .page, .search: .page(DashboardPage(readiness: readiness).html(of: "starts"))
            case .content: .stale(nil, Staleness(.starting, Self.wait))
            case .data, .confirm, .act: .unavailable(Self.wait)
            }
        case .running(let worker, let console):
            await console.answer(request, Actions.readiness(worker.health))
        }
    }

    /// Returns the readiness of a worker before its start.
    static func readiness(_ needs: StartNeeds?) -> Readiness {
        func check(_ name: String, _ problem: String?, _ good: String) -> Readiness.Check {
            Readiness.Check(
                name: name,
                holds: needs != nil && problem == nil,
                reason: needs == nil ? "not checked yet" : problem ?? good
            )
        }
        return Readiness(checks: [
            .init(name: "loop", holds: false, reason: "the worker waits for Redis or Docker before it begins"),
            check("redis", needs?.redis, "it answers"), check("docker", needs?.docker, "the Docker Engine answers"),
        ])
    }
}
