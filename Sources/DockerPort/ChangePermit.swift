/// Whether a task may still change something on the Engine.
///
/// A worker whose lease may have run out must not touch a container that another worker has by now, not
/// even to clean up. Adapters ask before every call that changes something, so that no path is forgotten;
/// the permit travels with the task, also into work that outlives its cancellation.
///
/// A class, not a bare closure: an optimised build by Swift 6.3 crashes on task-local values of function type.
package final class ChangePermit: Sendable {
    /// The permit of the running task; nil: it needs none.
    @TaskLocal package static var current: ChangePermit?

    private let answer: @Sendable () -> Bool

    /// - Parameter answer: whether changing calls may be made now; asked before each.
    package init(_ answer: @escaping @Sendable () -> Bool) { self.answer = answer }

    /// Whether the running task may make a changing call now.
    package static func isGranted() -> Bool { current?.answer() ?? true }

    /// The failure of a changing call that was not made.
    package static func refusal(operation: String) -> DockerError {
        DockerError(
            .cancelled,
            operation: operation,
            message: "the job's lease is no longer sure, so nothing was changed"
        )
    }
}
