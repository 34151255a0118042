import JobContract
import JobQueue
import Logging
import Primitives
import RuntimeCore
import Support
import Synchronization

@testable import Runtime

/// One worker's process. It may die before and after any call and at each of the runtime's crash points. A dead one
/// reaches nothing any more; its tasks are cancelled, so that they unwind where nobody can see it.
final class SimulatedProcess: SimulatedHost {
    enum Moment {
        case beforeCall, afterCall
    }

    private struct State {
        var isDead = false
        var task: Task<Void, Never>?
        var hasEnded = false
        var isEnding = false
        var worker: Worker?
    }

    let identity: WorkerIdentity
    let number: Int
    private let world: World
    private let state = Mutex(State())
    let ownExecutor: SimulatedExecutor

    init(number: Int, node: NodeID, _ world: World) {
        identity = WorkerIdentity(id: "w\(number)", node: node, nonce: "w\(number)")
        self.number = number
        self.world = world
        ownExecutor = SimulatedExecutor(number, world.scheduler)
    }

    // MARK: The host of the runtime

    var executor: any TaskExecutor { ownExecutor }
    var now: MonotonicInstant { world.scheduler.now }
    var wallNow: Timestamp { world.wallNow }

    func sleep(for pause: Duration) async throws { try await world.scheduler.sleep(for: pause) }

    func random() -> UInt64 { world.scheduler.random() }

    func reached(_ point: Failpoint) {
        if world.mayDie(at: point) { die() }
    }

    func trusted(_ lease: JobLease) { world.checkLease(lease, of: self) }

    // MARK: Life and death

    var isDead: Bool { state.withLock { $0.isDead } }
    var hasEnded: Bool { state.withLock { $0.hasEnded } }

    /// Whether the process lives at this moment, which may be its last.
    func lives(_ moment: Moment) -> Bool {
        guard !isDead else { return false }
        guard world.mayDie(at: moment) else { return true }
        die()
        return false
    }

    /// Starts the worker in it.
    func start() {
        let worker = Worker(
            queue: SimulatedQueue(self, world),
            docker: SimulatedDocker(self, world),
            decoder: world.scenario.decoder,
            configuration: world.scenario.configuration(ofWorker: number),
            connect: { [world] _ in SimulatedWait(process: self, world: world) },
            logger: .silent
        )
        let task = Simulation.$host.withValue(self) {
            Task(executorPreference: ownExecutor) {
                try? await worker.run()
                self.ended()
            }
        }
        state.withLock {
            $0.worker = worker
            $0.task = task
        }
    }

    private func ended() {
        state.withLock { $0.hasEnded = true }
        if !isDead { world.processIsGone(self) }
    }

    func die() {
        let isNew = state.withLock { state in
            defer { state.isDead = true }
            return !state.isDead
        }
        guard isNew else { return }
        world.scheduler.note("\(identity.id) dies")
        world.processIsGone(self)
        // Between two pieces of work: nothing of this one holds a lock then.
        world.scheduler.after(.zero) { [self] in state.withLock { $0.task }?.cancel() }
    }

    /// As by SIGTERM.
    func terminate() {
        state.withLock { $0.isEnding = true }
        state.withLock { $0.worker }?.state.drain()
    }

    var isEnding: Bool { state.withLock { $0.isEnding } }
}
