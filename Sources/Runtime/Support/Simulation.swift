import NIOPosix
import Primitives
import RuntimeCore

/// What a worker's course depends on beside its ports: clocks, pauses, chance, and who runs its tasks.
protocol SimulatedHost: Sendable {
    var now: MonotonicInstant { get }
    var wallNow: Timestamp { get }
    /// Runs the tasks of the worker, one at a time.
    var executor: any TaskExecutor { get }

    func sleep(for pause: Duration) async throws
    func random() -> UInt64
    /// A worker may die here.
    func reached(_ point: CrashPoint)
    /// A worker takes its lease for sure, and changes something on the Engine.
    func trusted(_ lease: JobLease)
}

/// A debug build can be given another host for a task and all its children, so that a test can run workers in a time of
/// its own and in an order that a seed decides. A release build has none of this.
enum Simulation {
    #if DEBUG
        @TaskLocal static var host: (any SimulatedHost)?
    #else
        static var host: (any SimulatedHost)? { nil }
    #endif

    /// Runs what blocks on a thread of its own; in a simulation at once, where nothing else runs.
    static func blocking<Value: Sendable>(_ body: @Sendable @escaping () -> Value) async throws -> Value {
        guard host == nil else { return body() }
        return try await NIOThreadPool.singleton.runIfActive(body)
    }
}

/// Chance, for pauses that must not fall together.
struct Dice: RandomNumberGenerator {
    private let host = Simulation.host
    private var system = SystemRandomNumberGenerator()

    mutating func next() -> UInt64 { host?.random() ?? system.next() }

    /// From 0 to 1.
    static func fraction() -> Double {
        var dice = Dice()
        return .random(in: 0...1, using: &dice)
    }
}
