import Hummingbird
import NIOCore
import Primitives
import ServiceLifecycle
import Synchronization

/// The streams that keep pages up to date, as server-sent events.
///
/// A stream sends `content` when the content has changed, `same` when it has not, and `stale` with the reason when
/// Redis was not read.
final class LiveStreams: Sendable {
    static let address = "/live"
    /// The largest number of streams. The server keeps as many connections for other requests.
    static let limit = 32
    /// The time between two looks at a page.
    private static let pause = Duration.seconds(3)

    private let open = Mutex(0)

    /// Returns a stream of a page's content.
    ///
    /// - Parameter content: returns the content at the moment. The call must end in bounded time.
    func response(_ content: @escaping @Sendable () async -> ConsoleAnswer) -> Response {
        guard begin() else {
            return Response(
                status: .serviceUnavailable,
                headers: [.contentType: "text/plain; charset=utf-8", .cacheControl: "no-store"],
                body: .init(byteBuffer: ByteBuffer(string: "\(Self.limit) pages are open; load this page again\n"))
            )
        }
        let slot = Slot(self)
        return Response(
            status: .ok,
            headers: [
                .contentType: "text/event-stream; charset=utf-8", .cacheControl: "no-store",
                .xContentTypeOptions: "nosniff",
            ],
            body: ResponseBody { writer in
                defer { slot.free() }
                try await Self.send(content, to: &writer)
                try await writer.finish(nil)
            }
        )
    }

    /// Sends until the connection or the server ends.
    @concurrent private static func send(
        _ content: @Sendable () async -> ConsoleAnswer,
        to writer: inout any ResponseBodyWriter
    ) async throws {
        var last: String?
        // The browser asks again two seconds after a lost connection.
        try await writer.write(ByteBuffer(string: "retry: 2000\n\n"))
        while !Task.isShuttingDownGracefully {
            let event: String
            switch await content() {
            case .page(let html), .missing(let html):
                event = html == last ? "same" : "content"
                let data = html == last ? "" : JSONText.string(html)
                last = html
                try await writer.write(ByteBuffer(string: "event: \(event)\ndata: \(data)\n\n"))
            case .stale(let html, let staleness):
                let data = staleness.data(with: html == last ? nil : html)
                if let html { last = html }
                try await writer.write(ByteBuffer(string: "event: stale\ndata: \(data)\n\n"))
            case .unavailable, .redirect, .json, .noData:
                return
            }
            try? await cancelWhenGracefulShutdown { try await Task.sleep(for: pause) }
            try Task.checkCancellation()
        }
    }

    private func begin() -> Bool {
        open.withLock { open in
            guard open < Self.limit else { return false }
            open += 1
            return true
        }
    }

    /// A place for one stream. It is free again even if the response was never sent.
    private final class Slot: Sendable {
        private let streams: LiveStreams
        private let isFree = Mutex(false)

        init(_ streams: LiveStreams) { self.streams = streams }

        deinit { free() }

        func free() {
            let isFirst = isFree.withLock { isFree in
                defer { isFree = true }
                return !isFree
            }
            if isFirst { streams.open.withLock { $0 -= 1 } }
        }
    }
}
