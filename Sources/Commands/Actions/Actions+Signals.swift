import UnixSignals

extension Actions {
    /// Runs `body`. SIGINT or SIGTERM cancels it.
    ///
    /// - Returns: The value of `body`; nil after a signal.
    static func untilSignal<Value: Sendable>(
        _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> Value? {
        let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
        return try await withThrowingTaskGroup(of: Value?.self) { group in
            group.addTask { try await body() }
            group.addTask {
                for await _ in signals { return nil }
                // The sequence ends early only if the task is cancelled.
                throw CancellationError()
            }
            defer { group.cancelAll() }
            return try await group.next() ?? nil
        }
    }

    /// Runs `body` to its end. Each SIGINT or SIGTERM calls `heard` meanwhile.
    static func hearingSignals<Value>(
        _ heard: @escaping @Sendable () -> Void,
        _ body: () async throws -> Value
    ) async throws -> Value {
        let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { for await _ in signals { heard() } }
            defer { group.cancelAll() }
            return try await body()
        }
    }
}
