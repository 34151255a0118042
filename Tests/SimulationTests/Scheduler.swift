import RuntimeCore
import Models
import Support
import Synchronization

/// Runs the tasks of one simulation on the thread that calls it, one after the other. The seed decides which of those
/// that could go on does; time stands still meanwhile and goes on to the next appointment when none can.
final class Scheduler: Sendable {
    typealias Action = @Sendable () -> Void

    private struct Appointment {
        let at: Int64
        let number: Int
    }

    private struct Work {
        let job: UnownedJob
        let executor: SimulatedExecutor
    }

    private struct State {
        var now: Int64 = 1_000_000_000
        var random: SeededGenerator
        var ready: [Work] = []
        /// Work of executors that are frozen.
        var held: [Work] = []
        var frozen: Set<Int> = []
        /// The latest first.
        var appointments: [Appointment] = []
        var actions: [Int: Action] = [:]
        var lastNumber = 0
        var steps = 0
        var trace: UInt64 = 14_695_981_039_346_656_037
    }

    private enum Next {
        case work(Work)
        case action(Action)
        case nothing
    }

    private let state: Mutex<State>
    /// Whether it is told what happens.
    private let isLoud: Bool

    init(seed: UInt64, isLoud: Bool = false) {
        state = Mutex(State(random: SeededGenerator(seed: seed)))
        self.isLoud = isLoud
    }

    var now: MonotonicInstant { MonotonicInstant(nanoseconds: state.withLock { $0.now }) }

    /// Pieces of work done so far.
    var steps: Int { state.withLock { $0.steps } }

    /// A digest of everything that was noted; the same for the same seed.
    var trace: UInt64 { state.withLock { $0.trace } }

    func random() -> UInt64 { state.withLock { $0.random.next() } }

    /// Adds to the trace.
    func note(_ text: String) {
        if isLoud { print(Double(now.nanoseconds - 1_000_000_000) / 1e9, text) }
        state.withLock { state in
            for byte in text.utf8 { state.trace = (state.trace ^ UInt64(byte)) &* 1_099_511_628_211 }
            state.trace = (state.trace ^ UInt64(bitPattern: state.now)) &* 1_099_511_628_211
        }
    }

    func enqueue(_ job: UnownedJob, on executor: SimulatedExecutor) {
        state.withLock { state in
            let work = Work(job: job, executor: executor)
            if state.frozen.contains(executor.number) { state.held.append(work) } else { state.ready.append(work) }
        }
    }

    /// Does `action` after `delay`, between two pieces of work.
    func after(_ delay: Duration, _ action: @escaping Action) {
        state.withLock { state in
            state.lastNumber += 1
            let at = state.now + max(0, delay.wholeNanoseconds)
            let appointment = Appointment(at: at, number: state.lastNumber)
            // Of those at one time the first made is the first kept.
            var low = 0
            var high = state.appointments.count
            while low < high {
                let middle = (low + high) / 2
                if state.appointments[middle].at > at { low = middle + 1 } else { high = middle }
            }
            state.appointments.insert(appointment, at: low)
            state.actions[appointment.number] = action
        }
    }

    /// Nothing of this executor goes on until it is thawed.
    func freeze(_ executor: SimulatedExecutor) {
        state.withLock { state in
            state.frozen.insert(executor.number)
            state.held += state.ready.filter { $0.executor.number == executor.number }
            state.ready.removeAll { $0.executor.number == executor.number }
        }
    }

    func thaw(_ executor: SimulatedExecutor) {
        state.withLock { state in
            state.frozen.remove(executor.number)
            state.ready += state.held.filter { $0.executor.number == executor.number }
            state.held.removeAll { $0.executor.number == executor.number }
        }
    }

    /// Goes on by one piece of work or one appointment. Answers false where there is neither.
    func step() -> Bool {
        switch next() {
        case .work(let work): work.job.runSynchronously(on: work.executor.asUnownedTaskExecutor())
        case .action(let action): action()
        case .nothing: return false
        }
        return true
    }

    private func next() -> Next {
        state.withLock { state in
            state.steps += 1
            if !state.ready.isEmpty {
                let index = Int(state.random.next() % UInt64(state.ready.count))
                return .work(state.ready.remove(at: index))
            }
            guard let appointment = state.appointments.popLast() else { return .nothing }
            state.now = max(state.now, appointment.at)
            return .action(state.actions.removeValue(forKey: appointment.number) ?? {})
        }
    }
}

/// What runs the tasks of one simulated process.
final class SimulatedExecutor: TaskExecutor {
    let number: Int
    private let scheduler: Scheduler

    init(_ number: Int, _ scheduler: Scheduler) {
        self.number = number
        self.scheduler = scheduler
    }

    func enqueue(_ job: consuming ExecutorJob) { scheduler.enqueue(UnownedJob(job), on: self) }
}

/// A value that one task waits for and whoever is first gives.
final class OneShot<Value: Sendable>: Sendable {
    private enum State {
        case empty
        case awaited(UnsafeContinuation<Value, Never>)
        case given(Value)
    }

    private let state = Mutex(State.empty)

    func give(_ value: Value) {
        let continuation: UnsafeContinuation<Value, Never>? = state.withLock { state in
            switch state {
            case .empty:
                state = .given(value)
                return nil
            case .awaited(let continuation):
                state = .given(value)
                return continuation
            case .given: return nil
            }
        }
        continuation?.resume(returning: value)
    }

    func value() async -> Value {
        await withUnsafeContinuation { continuation in
            let given: Value? = state.withLock { state in
                if case .given(let value) = state { return value }
                state = .awaited(continuation)
                return nil
            }
            if let given { continuation.resume(returning: given) }
        }
    }
}

extension Scheduler {
    /// How a call over a network went.
    enum Reply<Value: Sendable>: Sendable {
        case answered(Value)
        /// It may have happened.
        case unanswered
        case cancelled
    }

    /// How a call goes over a network.
    struct Way: Sendable {
        /// Until the request is there; nil: it never is.
        var there: Duration?
        /// Until the answer is back; nil: it never is.
        var back: Duration?
        var deadline: Duration
        var isCancellable = true

        /// The same for a caller that stands still for a time before it calls.
        func later(by time: Duration) -> Way {
            var way = self
            way.there = there.map { $0 + time }
            way.deadline += time
            return way
        }
    }

    /// One call of another process, which does `body` there whatever becomes of the caller meanwhile.
    func exchange<Value: Sendable>(_ way: Way, _ body: @escaping @Sendable () -> Value) async -> Reply<Value> {
        let reply = OneShot<Reply<Value>>()
        let isHeard = way.there.flatMap { there in way.back.map { there + $0 <= way.deadline } } ?? false
        if let there = way.there {
            after(there) {
                let value = body()
                if isHeard, let back = way.back { self.after(back) { reply.give(.answered(value)) } }
            }
        }
        if !isHeard { after(way.deadline) { reply.give(.unanswered) } }
        guard way.isCancellable else { return await reply.value() }
        return await withTaskCancellationHandler {
            await reply.value()
        } onCancel: {
            reply.give(.cancelled)
        }
    }

    func sleep(for pause: Duration) async throws {
        let over = OneShot<Bool>()
        after(pause) { over.give(true) }
        let isOver = await withTaskCancellationHandler {
            await over.value()
        } onCancel: {
            over.give(false)
        }
        if !isOver { throw CancellationError() }
    }
}

extension Duration {
    var wholeNanoseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
    }
}
