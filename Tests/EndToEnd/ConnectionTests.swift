import Foundation
import Glibc
import JobContract
import Support
import Testing

extension Deployment {
    @Suite("A worker with many silent HTTP connections", .tags(.timing), .engineWorld, .timeLimit(.minutes(2)))
    struct ConnectionTests {
        /// Opens a connection and sends the begin of a request; negative: it could not be opened.
        private static func open(_ port: Int) -> Int32 {
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = in_port_t(UInt16(port).bigEndian)
            address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
            let answer = withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
            guard answer == 0 else {
                close(descriptor)
                return -1
            }
            let begin = "GET / HTTP/1.1\r\n"
            _ = send(descriptor, begin, begin.utf8.count, Int32(MSG_NOSIGNAL))
            return descriptor
        }

        @Test("keeps descriptors for Redis and Docker, and answers health checks")
        func silentConnections() async throws {
            let port = try FreePort.find()
            let settings = ["RTM_HTTP": "127.0.0.1:\(port)"]
            try await Fleet.with(settings: settings, world: try #require(EngineWorld.current)) { fleet in
                let worker = try #require(fleet.workers.first)
                try await Tool.run(["prlimit", "--nofile=1024:1024", "--pid", "\(worker.process.pid)"])
                let connections = (0..<1_100).map { _ in Self.open(port) }
                defer { for descriptor in connections where descriptor >= 0 { close(descriptor) } }
                #expect(connections.allSatisfy { $0 >= 0 })
                for path in ["healthz", "metrics"] {
                    let arguments = ["--max-time", "2", "--fail", "--silent", "http://127.0.0.1:\(port)/\(path)"]
                    _ = try await Tool.run(["curl"] + arguments)
                }
                // A connection that gives way keeps its descriptor until its task has ended.
                try await eventually("few open descriptors", within: .seconds(2), until: { $0 < 250 }) {
                    try FileManager.default.contentsOfDirectory(atPath: "/proc/\(worker.process.pid)/fd").count
                }
                #expect(try await fleet.finish("s1", fleet.start("s1", game: "lobby")).succeeded)
                #expect(try await fleet.finish("t1", Fleet.message(.stop, "t1", game: "lobby")).succeeded)
                #expect(!worker.process.log.contains("the Docker Engine does not answer"))
            }
        }
    }
}
