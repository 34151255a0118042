import AsyncHTTPClient
import DockerPort
import Logging
import NIOCore
import NIOFoundationEssentialsCompat
import NIOHTTP1
import Primitives

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension DockerEngine {
    /// The subscribed events: all transitions in a container's life. Events of health checks are not subscribed,
    /// because each run of a health check causes three events.
    static let eventActions = [
        "create", "start", "die", "oom", "kill", "stop", "destroy", "pause", "unpause", "rename", "health_status",
        // Podman's names for `destroy` and `die`, also in filters. Docker never sends these names for a container.
        "remove", "died",
    ]

    package func eventsListen(since: Timestamp?) async throws(DockerError) -> DockerEvents {
        let request = try await subscription(since: since)
        let body = try await transport.open(request)
        let capacity = configuration.maximumWaitingEvents
        let (stream, continuation) = AsyncThrowingStream<DockerEvent, any Error>.makeStream(
            bufferingPolicy: .bufferingOldest(capacity)
        )
        let reader = EventReader(
            continuation: continuation,
            capacity: capacity,
            logger: logger,
            asWritten: transport.asWritten
        )
        // A separate task reads the socket. A client that stops reading would slow down all clients of the Docker
        // Engine.
        let task = BackgroundTask.start { [transport] in
            await reader.read(body) { transport.failed(request, $0) }
        }
        continuation.onTermination = { _ in task.cancel() }
        return DockerEvents(stream)
    }

    private func subscription(since: Timestamp?) async throws(DockerError) -> EngineRequest {
        let filters = try encodedJSON(["type": ["container"], "event": Self.eventActions], operation: "eventsListen")
        var request = EngineRequest(
            .events,
            .GET,
            ["events"],
            query: [(name: "filters", value: String(buffer: filters))],
            deadline: configuration.deadlines.eventsHead,
            lane: .stream
        )
        guard let since else { return request }
        _ = try await transport.version(for: request)
        // Docker includes the instant `since`, Podman does not. Podman also reads the number as floating-point.
        let first = transport.isPodman ? since.advanced(by: .microseconds(-1)) : since
        request.query.append((name: "since", value: Self.engineTime(first)))
        return request
    }

    /// Returns seconds and nanoseconds in the API's format. With whole seconds only, the Docker Engine would replay the
    /// whole second.
    static func engineTime(_ time: Timestamp) -> String {
        let digits = String(time.nanoseconds)
        return "\(time.seconds)." + String(repeating: "0", count: 9 - digits.count) + digits
    }
}

/// Reads a subscription: splits lines, decodes events and passes the events on. The reader never waits for the
/// consumer.
struct EventReader: Sendable {
    let continuation: AsyncThrowingStream<DockerEvent, any Error>.Continuation
    let capacity: Int
    let logger: Logger
    /// Converts an image reference from the Docker Engine's form to the usual form.
    var asWritten: @Sendable (String) -> String = { $0 }

    /// Reads until the stream ends, the consumer leaves, or too many events wait.
    func read<Chunks: AsyncSequence & Sendable>(
        _ chunks: Chunks,
        failure: (any Error) -> DockerError
    ) async where Chunks.Element == ByteBuffer {
        var splitter = LineSplitter()
        do {
            for try await chunk in chunks {
                let droppedBefore = splitter.dropped
                for line in splitter.split(chunk) {
                    guard deliver(line) else { return }
                }
                if splitter.dropped > droppedBefore { logger.warning("An event over 1 MiB was skipped") }
            }
            continuation.finish(throwing: ended)
        } catch {
            continuation.finish(throwing: failure(error))
        }
    }

    /// Passes on the event of a line. Returns whether to continue reading.
    private func deliver(_ line: ByteBuffer) -> Bool {
        let event: DockerEvent?
        do {
            event = try labelledJSON(EventLine.self, from: line).event
        } catch {
            // Continue after an unreadable line. A new subscription would deliver the same line again.
            logger.warning("An event that cannot be read was skipped", metadata: ["error": "\(error)"])
            return true
        }
        guard var event else { return true }
        event.image = asWritten(event.image)
        switch continuation.yield(event) {
        case .enqueued: return true
        case .terminated: return false
        case .dropped:
            continuation.finish(throwing: overflow)
            return false
        @unknown default: return true
        }
    }

    private var ended: DockerError {
        DockerError(
            .unavailable,
            operation: "eventsListen",
            message: "the Engine ended the event stream",
            retryable: true
        )
    }

    private var overflow: DockerError {
        DockerError(
            .engineError,
            operation: "eventsListen",
            message:
                "more than \(capacity) events waited to be read, and the rest was dropped: subscribe again and look "
                + "at the containers",
            retryable: true
        )
    }
}
