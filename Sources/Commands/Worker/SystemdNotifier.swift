import AdminServer
import Logging
import ServiceLifecycle

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif
#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Tells systemd how the worker is (`sd_notify`): ready, alive, and ending.
///
/// The signs of life say that the process gets on, not that Redis or Docker answer: a restart would mend neither.
struct SystemdNotifier: Service {
    /// The path of systemd's socket; `@` at the begin stands for an abstract name.
    let socket: String
    let stage: WorkerStage
    let logger: Logger
    /// The time between two signs of life. systemd waits for at least `WatchdogSec`, which the unit sets to 30 s.
    var interval = Duration.seconds(1)

    /// Returns a notifier if systemd waits for one.
    static func ofProcess(_ stage: WorkerStage, _ logger: Logger) -> [any Service] {
        guard let socket = ProcessInfo.processInfo.environment["NOTIFY_SOCKET"], !socket.isEmpty else { return [] }
        return [SystemdNotifier(socket: socket, stage: stage, logger: logger)]
    }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            var messages = SystemdMessages()
            while !Task.isCancelled {
                send(messages.next(stage.readiness))
                try? await Task.sleep(for: interval)
            }
        }
        send(SystemdMessages.ending)
    }

    private func send(_ text: String) {
        let bytes = Array(socket.utf8)
        var address = sockaddr_un()
        let room = MemoryLayout.size(ofValue: address.sun_path)
        guard bytes.count < room else {
            return logger.warning("NOTIFY_SOCKET is too long", metadata: ["path": "\(socket)"])
        }
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { path in
            path.copyBytes(from: bytes)
            // The name of an abstract socket begins with NUL.
            if bytes.first == UInt8(ascii: "@") { path[0] = 0 }
        }
        let descriptor = Self.datagramSocket()
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        let length = MemoryLayout<sockaddr_un>.size - room + bytes.count
        let message = Array(text.utf8)
        // Never waits: systemd reads soon, or a later message tells it the same.
        _ = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                sendto(descriptor, message, message.count, Int32(MSG_DONTWAIT), $0, socklen_t(length))
            }
        }
    }

    private static func datagramSocket() -> Int32 {
        #if canImport(Glibc)
            Glibc.socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        #elseif canImport(Musl)
            Musl.socket(AF_UNIX, SOCK_DGRAM, 0)
        #else
            Darwin.socket(AF_UNIX, SOCK_DGRAM, 0)
        #endif
    }
}

/// The messages to systemd, in order. Pure.
struct SystemdMessages: Equatable {
    static let ending = "STOPPING=1\nSTATUS=ends"

    private var isReady = false

    /// Returns the next message of a worker that has not been asked to end.
    mutating func next(_ readiness: Readiness) -> String {
        let failing = readiness.checks.first { !$0.holds }
        // The reason of the loop is a sentence about the whole worker.
        let status = failing.map { $0.name == "loop" ? $0.reason : "\($0.name): \($0.reason)" } ?? "takes jobs"
        // A unit that was ready once stays ready: what fails later is a status, and no failed start.
        let isFirst = !isReady && failing == nil
        if isFirst { isReady = true }
        let line = status.map { $0.isNewline ? " " : String($0) }.joined()
        return (isFirst ? "READY=1\n" : "") + "WATCHDOG=1\nSTATUS=\(line)"
    }
}
