import NIOCore
import NIOPosix
import Synchronization

/// A server on loopback that takes connections and never says a word: a registry that hangs.
package final class SilentServer: Sendable {
    package let port: Int
    private let listener: any Channel
    private let accepted: Counter

    private final class Counter: Sendable {
        private let count = Mutex(0)

        var value: Int { count.withLock { $0 } }
        func increment() { count.withLock { $0 += 1 } }
    }

    private init(listener: any Channel, port: Int, accepted: Counter) {
        self.listener = listener
        self.port = port
        self.accepted = accepted
    }

    /// Connections that were ever taken.
    package var connections: Int { accepted.value }

    package static func with<Value>(_ body: (SilentServer) async throws -> Value) async throws -> Value {
        let accepted = Counter()
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                accepted.increment()
                return channel.eventLoop.makeSucceededVoidFuture()
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let server = SilentServer(listener: listener, port: listener.localAddress?.port ?? 0, accepted: accepted)
        do {
            let value = try await body(server)
            try? await listener.close()
            return value
        } catch {
            try? await listener.close()
            throw error
        }
    }
}
