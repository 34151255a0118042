/// How long a test waits before it says that something hangs. Tests run beside each other on few cores, and the Docker
/// Engine may need half of this time for one container. A test that promises a time says so with a limit of its own.
package let patience: Duration = .seconds(60)

/// Waits until a condition holds. A wait that takes too long says what it last saw, and what the processes of the test
/// have logged.
///
/// - Parameters:
///   - what: Completes the sentence "waited 10.0 seconds for ...".
///   - limit: The longest wait.
///   - pause: The time between two looks; nil: it grows with the wait (``pollPause(after:)``).
///   - isReached: Whether a value is the one waited for.
///   - value: Reads the value.
/// - Returns: The first value for which `isReached` holds.
/// - Throws: ``Overdue`` after `limit`, or what `value` throws, at once.
@discardableResult
package func eventually<Value>(
    _ what: @autoclosure () -> String,
    within limit: Duration = patience,
    every pause: Duration? = nil,
    until isReached: (Value) throws -> Bool,
    _ value: () async throws -> Value
) async throws -> Value {
    let begin = ContinuousClock.now
    let end = begin.advanced(by: limit)
    while true {
        let last = try await value()
        if try isReached(last) { return last }
        guard ContinuousClock.now < end else {
            throw Overdue(withLogs: "waited \(limit) for \(what()); the last value was \(shown(last))")
        }
        try await Task.sleep(for: pause ?? pollPause(after: begin.duration(to: .now)))
    }
}

/// Waits until a condition holds for which there is no value to show.
///
/// - Parameter what: Completes the sentence "waited 10.0 seconds for ...". Read at the end, so it may show a state.
/// - Throws: ``Overdue`` after `limit`, or what `condition` throws, at once.
package func eventually(
    _ what: @autoclosure () -> String,
    within limit: Duration = patience,
    every pause: Duration? = nil,
    _ condition: () async throws -> Bool
) async throws {
    let begin = ContinuousClock.now
    let end = begin.advanced(by: limit)
    while try await !condition() {
        guard ContinuousClock.now < end else {
            throw Overdue(withLogs: "waited \(limit) for \(what())")
        }
        try await Task.sleep(for: pause ?? pollPause(after: begin.duration(to: .now)))
    }
}

/// Returns the pause between two looks of a wait: a sixteenth of the time so far, and 10 to 100 ms. Looks at a Redis or a
/// Docker Engine cost more than most of what a test waits for.
package func pollPause(after time: Duration) -> Duration { min(max(time / 16, .milliseconds(10)), .milliseconds(100)) }

/// Waits for a time in which the test needs nothing to be true. Everywhere else ``eventually(_:within:every:until:_:)``
/// is quicker and more certain.
///
/// - Parameters:
///   - time: The time.
///   - reason: Why no condition can be waited for: the pace of a load, the length of a fault, a window of measurement.
package func pause(_ time: Duration, because reason: StaticString) async throws {
    try await Task.sleep(for: time)
}

/// A value in a message, at most 2,000 characters of it.
private func shown(_ value: some Any) -> String {
    let text = String(describing: value)
    return text.count > 2_000 ? "\(text.prefix(1_000)) ... \(text.suffix(1_000))" : text
}

/// A condition that did not hold in time.
package struct Overdue: Error, CustomStringConvertible {
    /// What was waited for, and what there was instead.
    package let description: String
    /// Whether ``description`` has the ends of the logs.
    private(set) var hasLogs = false

    /// Makes an error with that description.
    package init(_ description: String) { self.description = description }

    /// Adds the ends of the logs of the test's processes.
    init(withLogs sentence: String) {
        let logs = ProcessLogs.ends
        description = logs.isEmpty ? sentence : "\(sentence)\n\(logs)"
        hasLogs = true
    }
}
