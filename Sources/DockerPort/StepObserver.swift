/// Hears of the steps of an operation, such as the create and the start of a run, as they begin and end. It travels with
/// the task, also into work that outlives its cancellation.
///
/// A class for the reason that ``ChangePermit`` is one.
package final class StepObserver: Sendable {
    /// The observer of the running task; nil: nobody wants to hear.
    @TaskLocal package static var current: StepObserver?

    private let begin: @Sendable (_ step: String) -> @Sendable () -> Void

    /// - Parameter begin: told when a step begins; what it answers is called when the step has ended.
    package init(_ begin: @escaping @Sendable (_ step: String) -> @Sendable () -> Void) { self.begin = begin }

    /// Makes a step, and tells the observer of the task.
    package static func step<R, E: Error>(_ name: String, _ body: () async throws(E) -> R) async throws(E) -> R {
        guard let current else { return try await body() }
        let end = current.begin(name)
        defer { end() }
        return try await body()
    }
}
