import Foundation
import Glibc
import Logging
import Synchronization

extension Logger {
    /// Says nothing.
    package static var silent: Logger { Logger(label: "silent") { _ in SwiftLogNoOpLogHandler() } }
}

/// Loopback ports below the range from which the kernel gives outgoing connections theirs: a client that
/// connects again and again to a port of that range, with no server there, can end up connected to itself.
package enum FreePort {
    /// The ports that have been given away. Tests run beside each other, and each begins to listen only some time later.
    private static let given = Mutex<Set<Int>>([])

    /// Returns a port that nobody listens on now, and that nobody in this process has got.
    package static func find() throws -> Int {
        for _ in 0..<200 {
            let port = Int.random(in: 20_000..<32_000)
            if isFree(port), given.withLock({ $0.insert(port).inserted }) { return port }
        }
        throw Overdue("no free TCP port between 20000 and 32000 on 127.0.0.1")
    }

    private static func isFree(_ port: Int) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(port).bigEndian)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }
}
