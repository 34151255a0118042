/// Runs `body` in a task of its own that is not cancelled with the caller, and waits for it: the one place
/// for goodbyes that must be said although the caller has been cancelled.
package func uncancelled<Value: Sendable>(_ body: @Sendable @escaping () async -> Value) async -> Value {
    await Task(executorPreference: Simulation.host?.executor) { await body() }.value
}
