import JobContract
import Primitives

/// What a worker says of itself, for operators.
package struct WorkerDescription: Sendable, Equatable {
    /// The number of simultaneous starts, and of simultaneous stops.
    package var concurrency: Int?
    /// The URL of the worker's console, as seen from its machine.
    package var console: String?
    /// The time at which the worker began, on its own clock.
    package var startedAt: Timestamp?

    package init(concurrency: Int? = nil, console: String? = nil, startedAt: Timestamp? = nil) {
        self.concurrency = concurrency
        self.console = console
        self.startedAt = startedAt
    }
}
