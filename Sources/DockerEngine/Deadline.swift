/// The error of an operation that took too long.
struct DeadlinePassed: Error {}

/// Runs `operation` for at most `limit` and returns the result. After the limit, cancels the operation and waits for
/// its end.
///
/// - Throws: ``DeadlinePassed``, the operation's own error, or `CancellationError`.
func withDeadline<Value: Sendable>(
    _ limit: Duration,
    _ operation: @escaping @Sendable () async throws -> Value
) async throws -> Value {
    try await withThrowingTaskGroup(of: Value?.self) { group in
        defer { group.cancelAll() }
        group.addTask { try await operation() }
        group.addTask {
            try await Task.sleep(for: limit)
            return nil
        }
        guard let first = try await group.next() else { throw CancellationError() }
        guard let value = first else { throw DeadlinePassed() }
        return value
    }
}
