/// The error for an operation without a result within its time limit.
package struct DeadlinePassed: Error, CustomStringConvertible {
    /// The time limit, if known.
    private let limit: Duration?

    package init(limit: Duration? = nil) { self.limit = limit }

    package var description: String { limit.map { "no answer within \($0.shortText)" } ?? "no answer in time" }
}

/// Returns the result of `operation`, if there is one within `limit`. Otherwise the operation is cancelled, and its end
/// awaited.
///
/// - Parameters:
///   - limit: The longest time that the operation may take.
///   - sleep: Sleeps on the caller's clock. It must throw as soon as its task is cancelled.
///   - operation: The operation.
/// - Throws: ``DeadlinePassed``, the operation's own error, or `CancellationError`.
package func withDeadline<Value: Sendable>(
    _ limit: Duration,
    sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) },
    _ operation: @escaping @Sendable () async throws -> Value
) async throws -> Value {
    try await withThrowingTaskGroup(of: Value?.self) { group in
        defer { group.cancelAll() }
        group.addTask { try await operation() }
        group.addTask {
            try await sleep(limit)
            return nil
        }
        guard let first = try await group.next() else { throw CancellationError() }
        guard let value = first else { throw DeadlinePassed(limit: limit) }
        return value
    }
}
