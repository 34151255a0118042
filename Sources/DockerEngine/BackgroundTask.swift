import Synchronization

/// The one place where a task is made that does not end with the scope that began it. Three things need one:
/// undoing a half-made container although the caller was cancelled, a pull that several callers wait for, and
/// the reader of an event stream, which must go on reading while its consumer is busy.
enum BackgroundTask {
    static func start(_ operation: @escaping @Sendable () async -> Void) -> Task<Void, Never> {
        Task { await operation() }
    }
}

/// Tells an operation that shall not be interrupted that its caller was cancelled.
final class CancellationFlag: Sendable {
    private let raised = Atomic(false)

    var isRaised: Bool { raised.load(ordering: .acquiring) }

    func raise() { raised.store(true, ordering: .releasing) }
}

/// Runs `operation` to its end although the calling task is cancelled, and waits for it. The operation learns of
/// the cancellation by the flag and decides where it stops.
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
