import NIOPosix
import Primitives
import RuntimeCore

/// A worker's environment besides its ports: clocks, pauses, random numbers, and the executor of its tasks.
protocol SimulatedHost: Sendable {
    var now: MonotonicInstant { get }
    var wallNow: Timestamp { get }
    /// Runs the tasks of the worker, one at a time.
    var executor: any TaskExecutor { get }

    func sleep(for pause: Duration) async throws
    func random() -> UInt64
    /// Called at each step at which a worker may die.
    func reached(_ point: Failpoint)
    /// Called when a worker trusts its lease and is about to change a container on the Docker Engine.
    func trusted(_ lease: JobLease)
}

/// Replaces the environment of a task and its child tasks in a debug build. A test can then run workers with its own
/// clock, in an order decided by a seed. A release build contains none of this.
enum Simulation {
    #if DEBUG
        @TaskLocal static var host: (any SimulatedHost)?
    #else
        static var host: (any SimulatedHost)? { nil }
    #endif

    /// Runs blocking code on a separate thread. In a simulation the code runs in place, because no other task runs at
    /// the same time.
    static func blocking<Value: Sendable>(_ body: @Sendable @escaping () -> Value) async throws -> Value {
        guard host == nil else { return body() }
        return try await NIOThreadPool.singleton.runIfActive(body)
    }
}

/// Random numbers, mainly for pauses that must not end together.
struct RandomSource: RandomNumberGenerator {
    private let host = Simulation.host
    private var system = SystemRandomNumberGenerator()

    mutating func next() -> UInt64 { host?.random() ?? system.next() }

    /// Returns a random number from 0 to 1.
    static func fraction() -> Double {
        var dice = RandomSource()
        return .random(in: 0...1, using: &dice)
    }
}
