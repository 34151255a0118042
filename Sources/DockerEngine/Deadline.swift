/// The time of an operation ran out.
struct DeadlinePassed: Error {}

/// What `operation` answers, where it does within `limit`; it is cancelled, and waited for, otherwise.
///
/// - Throws: ``DeadlinePassed``, what `operation` throws, or `CancellationError`.
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
