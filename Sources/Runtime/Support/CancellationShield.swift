/// Runs `body` in a task shielded from the caller's cancellation, and waits for the task. For final calls that must
/// reach Redis or the Docker Engine despite a cancellation.
package func withCancellationShield<Value: Sendable>(_ body: @Sendable @escaping () async -> Value) async -> Value {
    await Task(executorPreference: Simulation.host?.executor) { await body() }.value
}
