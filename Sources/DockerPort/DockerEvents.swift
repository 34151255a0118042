/// The events of one subscription, in the order in which the Engine sent them.
///
/// It never ends quietly: whatever ends the subscription, the reader's own cancellation included, is thrown.
/// It is read once, by one task.
package struct DockerEvents: AsyncSequence, Sendable {
    package typealias Element = DockerEvent
    package typealias Failure = DockerError

    private let stream: AsyncThrowingStream<DockerEvent, any Error>

    /// Wraps the stream of an adapter, whose failures must be ``DockerError``s.
    package init(_ stream: AsyncThrowingStream<DockerEvent, any Error>) { self.stream = stream }

    package func makeAsyncIterator() -> Iterator { Iterator(base: stream.makeAsyncIterator()) }

    /// Hands out the events, then throws.
    package struct Iterator: AsyncIteratorProtocol {
        var base: AsyncThrowingStream<DockerEvent, any Error>.Iterator

        package mutating func next() async throws(DockerError) -> DockerEvent? {
            try await next(isolation: #isolation)
        }

        package mutating func next(
            isolation actor: isolated (any Actor)?
        ) async throws(DockerError) -> DockerEvent? {
            do {
                if let event = try await base.next(isolation: actor) { return event }
            } catch let error as DockerError {
                throw error
            } catch {
                throw DockerError(.engineError, operation: "eventsListen", message: "\(error)", retryable: true)
            }
            // The stream below ends without an error where its reader is cancelled.
            guard Task.isCancelled else {
                throw DockerError(
                    .unavailable,
                    operation: "eventsListen",
                    message: "the event stream ended",
                    retryable: true
                )
            }
            throw DockerError(.cancelled, operation: "eventsListen", message: "the subscription was cancelled")
        }
    }
}
