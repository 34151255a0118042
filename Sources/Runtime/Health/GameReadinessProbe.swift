import NIOCore
import NIOPosix
import Primitives
import RuntimeCore

/// A single attempt to reach a game engine at the address of its container.
struct GameReadinessProbe: Sendable {
    let address: String
    let port: Int
    /// Whether the port is a published one. A proxy of the Docker Engine accepts every connection there, and closes it if
    /// nobody accepts in the container.
    var isPublished = false

    /// The time for which a connection through a proxy must stay open.
    private static let timeOfProxy = TimeAmount.milliseconds(200)
    private static let longestConnect = TimeAmount.seconds(1)
    private static let longestAnswer = Duration.seconds(2)
    /// Largest number of bytes to read for the first line of an answer.
    private static let longestHead = 4_096

    /// Returns whether the port accepts a connection.
    func isAccepted() async -> Bool {
        do {
            let channel = try await bootstrap.connect(to: SocketAddress(ipAddress: address, port: port)).get()
            guard isPublished else {
                try await channel.close()
                return true
            }
            let isOpen = channel.eventLoop.scheduleTask(in: Self.timeOfProxy) { true }
            channel.closeFuture.whenComplete { _ in isOpen.cancel() }
            let stayedOpen = (try? await isOpen.futureResult.get()) ?? false
            try? await channel.close()
            return stayedOpen
        } catch {
            return false
        }
    }

    /// Returns whether `path` answers with a status below 500.
    func isAnswered(path: String, host: String) async -> Bool {
        let request = "GET \(path) HTTP/1.1\r\nHost: \(host)\r\nUser-Agent: rtmanager\r\nConnection: close\r\n\r\n"
        let status = try? await withDeadline(Self.longestAnswer, sleep: MonotonicClock.sleep) {
            await self.status(of: request)
        }
        return status.map { $0 < 500 } ?? false
    }

    private var bootstrap: ClientBootstrap {
        ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton).connectTimeout(Self.longestConnect)
    }

    private func connection() async throws -> NIOAsyncChannel<ByteBuffer, ByteBuffer> {
        try await bootstrap
            .connect(to: SocketAddress(ipAddress: address, port: port)) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
    }

    /// Returns the status of the game engine's answer, or nil without an HTTP answer.
    private func status(of request: String) async -> Int? {
        do {
            return try await connection().executeThenClose { inbound, outbound in
                try await outbound.write(ByteBuffer(string: request))
                var head = ByteBuffer()
                for try await part in inbound {
                    head.writeImmutableBuffer(part)
                    if let status = Readiness.status(ofAnswer: head.readableBytesView) { return status }
                    guard head.readableBytes < Self.longestHead else { return nil }
                }
                return nil
            }
        } catch {
            return nil
        }
    }
}
