/// Observes the steps of an operation, for example the create and the start of a run.
///
/// The observer travels with the task, also into work that continues after the task's cancellation. A class for the
/// same reason as ``ChangePermit``.
package final class StepObserver: Sendable {
    /// The observer of the running task, or nil if nobody observes the task.
    @TaskLocal package static var current: StepObserver?

    private let begin: @Sendable (_ step: String) -> @Sendable () -> Void

    /// Creates an observer.
    ///
    /// - Parameter begin: Called at the begin of a step. The returned closure is called at the end of the step.
    package init(_ begin: @escaping @Sendable (_ step: String) -> @Sendable () -> Void) { self.begin = begin }

    /// Runs `body` as a step and informs the task's observer.
    package static func step<R, E: Error>(_ name: String, _ body: () async throws(E) -> R) async throws(E) -> R {
        guard let current else { return try await body() }
        let end = current.begin(name)
        defer { end() }
        return try await body()
    }
}
