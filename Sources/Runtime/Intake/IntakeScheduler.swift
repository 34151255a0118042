import JobContract
import JobQueue
import RuntimeCore
import Synchronization

/// The ``IntakeMachine`` of a worker, shared by tasks: one task asks for steps, and all others give inputs.
final class IntakeScheduler: Sendable {
    private let machine: Mutex<IntakeMachine>
    /// Raised by each input.
    private let changed = WakeSignal()
    /// For each queue, raised when the queue was found empty.
    private let gates: [String: WakeSignal]

    init(queues: [String], concurrency: Int) {
        machine = Mutex(IntakeMachine(queues: queues, concurrency: concurrency))
        gates = Dictionary(uniqueKeysWithValues: queues.map { ($0, WakeSignal()) })
    }

    var isDraining: Bool { machine.withLock(\.isDraining) }

    /// The number of jobs whose end has not reached Redis.
    var running: Int { machine.withLock(\.permits.running) }

    /// Gives the machine an input, and lets the loop look again.
    @discardableResult
    func note<Value: Sendable>(_ input: (inout IntakeMachine) -> Value) -> Value {
        let (value, running, empty) = machine.withLock { machine in
            let value = input(&machine)
            return (value, machine.permits.running, gates.keys.filter { machine.isEmpty($0) })
        }
        RuntimeMetrics.running(running)
        for queue in empty { gates[queue]?.raise() }
        changed.raise()
        return value
    }

    /// Returns the next step other than sleep; `end` if the task is cancelled.
    func nextStep(dockerAnswers: @Sendable () -> Bool) async -> IntakeMachine.Step {
        while !Task.isCancelled {
            // Jobs that end at the same moment free their permits together. But the next messages go to Redis before the
            // jobs of the last intake run.
            if !machine.withLock(\.goesOn) { await Task.yield() }
            let now = MonotonicClock.now
            let step = machine.withLock { $0.next(dockerAnswers: dockerAnswers(), now: now) }
            guard case .sleep(let until) = step else { return step }
            await changed.wait(atMost: until.map { now.duration(to: $0) })
        }
        return .end
    }

    /// Waits until the queue was found empty.
    func untilEmpty(_ queue: String) async {
        while !Task.isCancelled, !machine.withLock({ $0.isEmpty(queue) }) { await gates[queue]?.wait() }
    }

    /// Waits for the next input, for `limit` at most.
    func untilChanged(atMost limit: Duration) async { await changed.wait(atMost: limit) }
}
