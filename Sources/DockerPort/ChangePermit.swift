/// A task's permission to change containers on the Docker Engine.
///
/// If a worker's lease may have ended, another worker may run the job by now. The first worker must then leave the
/// container alone, even to clean up. Adapters ask the permit before every changing call except a pull. The permit
/// travels with the task, also into work that continues after the task's cancellation.
///
/// A class instead of a closure: a release build by Swift 6.3 crashes on task-local values of function type.
package final class ChangePermit: Sendable {
    /// The permit of the running task, or nil if the task needs none.
    @TaskLocal package static var current: ChangePermit?

    private let answer: @Sendable () -> Bool

    /// Creates a permit.
    ///
    /// - Parameter answer: Returns whether changing calls are allowed now. Adapters ask before each changing call.
    package init(_ answer: @escaping @Sendable () -> Bool) { self.answer = answer }

    /// Returns whether the running task may make a changing call now.
    package static func isGranted() -> Bool { current?.answer() ?? true }

    /// Returns the error of a changing call for which the task had no permission.
    package static func refusal(operation: String) -> DockerError {
        DockerError(
            .cancelled,
            operation: operation,
            message: "the job's lease is no longer sure, so nothing was changed"
        )
    }
}
