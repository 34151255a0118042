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
    /// What is subscribed to: every transition of a container's life. The runs of health checks, which are
    /// commands in the container too, are left out: each is three events.
    static let eventActions = [
        "create", "start", "die", "oom", "kill", "stop", "destroy", "pause", "unpause", "rename", "health_status",
        // Podman's words for `destroy` and `die`, by which it filters; Docker never says them of a container.
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
        // A reader of its own: whoever stops reading the Engine's socket slows every other client of the Engine.
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
        // Docker begins with the instant; Podman after it, and reads it as a floating-point number.
        let first = transport.isPodman ? since.advanced(by: .microseconds(-1)) : since
        request.query.append((name: "since", value: Self.engineTime(first)))
        return request
    }

    /// Seconds and nanoseconds as the Engine takes them. Whole seconds would replay all of the second.
    static func engineTime(_ time: Timestamp) -> String {
        let digits = String(time.nanoseconds)
        return "\(time.seconds)." + String(repeating: "0", count: 9 - digits.count) + digits
    }
}

/// Reads one subscription: cuts lines, decodes them, and hands them on. Nothing else, and it waits for nobody.
struct EventReader: Sendable {
    let continuation: AsyncThrowingStream<DockerEvent, any Error>.Continuation
    let capacity: Int
    let logger: Logger
    /// Makes of a reference that the Engine shows what people write.
    var asWritten: @Sendable (String) -> String = { $0 }

    /// Reads until the stream ends, its reader leaves, or too many events wait.
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

    /// Whether to go on.
    private func deliver(_ line: ByteBuffer) -> Bool {
        let event: DockerEvent?
        do {
            event = try labelledJSON(EventLine.self, from: line).event
        } catch {
            // To end here would be to meet the same line again after every new subscription.
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
