/// The events of a subscription, in the order sent by the Docker Engine.
///
/// The sequence always ends with an error, also after a cancellation of the reading task. Only one task may read the
/// sequence, and only once.
package struct DockerEvents: AsyncSequence, Sendable {
    package typealias Element = DockerEvent
    package typealias Failure = DockerError

    private let stream: AsyncThrowingStream<DockerEvent, any Error>

    /// Wraps the stream of an adapter. The stream may fail only with ``DockerError``.
    package init(_ stream: AsyncThrowingStream<DockerEvent, any Error>) { self.stream = stream }

    package func makeAsyncIterator() -> Iterator { Iterator(base: stream.makeAsyncIterator()) }

    /// Returns each event, then throws.
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
            // After a cancellation of the reader, `base` ends without an error.
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
