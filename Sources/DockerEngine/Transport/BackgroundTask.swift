import Synchronization

/// The only place that creates tasks without a scope. Three parts need such a task:
///
/// - A run, so that a cancelled caller leaves no half-made container.
/// - A pull shared by several callers.
/// - The reader of an event stream, because the reader must continue while the consumer is busy.
enum BackgroundTask {
    static func start(_ operation: @escaping @Sendable () async -> Void) -> Task<Void, Never> {
        Task { await operation() }
    }
}

/// Informs an uninterruptible operation that its caller was cancelled.
final class CancellationFlag: Sendable {
    private let raised = Atomic(false)

    var isRaised: Bool { raised.load(ordering: .acquiring) }

    func raise() { raised.store(true, ordering: .releasing) }
}

/// Runs `operation` to its end even if the calling task is cancelled, and returns the result.
///
/// The flag informs the operation about the cancellation. The operation decides where to stop.
func uncancellable<Value: Sendable>(
    _ operation: @escaping @Sendable (CancellationFlag) async -> Value
) async -> Value {
    let flag = CancellationFlag()
    return await withTaskCancellationHandler {
        await withCheckedContinuation { continuation in
            _ = BackgroundTask.start { continuation.resume(returning: await operation(flag)) }
        }
    } onCancel: {
        flag.raise()
    }
}
