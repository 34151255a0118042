#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// The standard input of the process, as far as it is a terminal with a person at it.
package enum TerminalInput {
    /// The pause between two looks for input. A read must never block, because other tasks run on the same threads.
    private static let pause = Duration.milliseconds(25)

    /// Whether a person can read a question on stderr and answer on stdin.
    package static var hasPerson: Bool { isatty(STDIN_FILENO) == 1 && isatty(2) == 1 }

    /// Returns the bytes that a person has typed; empty: nothing came within `limit`; nil: the terminal has gone, or the
    /// task is cancelled.
    package static func bytes(within limit: Duration) async -> [UInt8]? {
        let end = ContinuousClock.now + limit
        while !Task.isCancelled {
            switch available() {
            case .some(let bytes) where !bytes.isEmpty: return bytes
            case .some: if ContinuousClock.now >= end { return [] }
            case nil: return nil
            }
            try? await Task.sleep(for: pause)
        }
        return nil
    }

    /// Returns the line that a person has typed; nil: no whole line came within `limit`.
    package static func line(within limit: Duration) async -> String? {
        let end = ContinuousClock.now + limit
        var line: [UInt8] = []
        while ContinuousClock.now < end, let bytes = await bytes(within: .seconds(1)) {
            line += bytes
            if let last = line.firstIndex(of: UInt8(ascii: "\n")) {
                return String(decoding: line[..<last], as: UTF8.self)
            }
            if line.count > 1_000 { return nil }
        }
        return nil
    }

    /// Returns the bytes that can be read without waiting; empty: none yet; nil: no more will come.
    private static func available() -> [UInt8]? {
        var input = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
        guard poll(&input, 1, 0) > 0 else { return [] }
        var buffer = [UInt8](repeating: 0, count: 512)
        let count = buffer.withUnsafeMutableBytes { read(STDIN_FILENO, $0.baseAddress, $0.count) }
        if count > 0 { return Array(buffer[..<count]) }
        return count < 0 && (errno == EINTR || errno == EAGAIN) ? [] : nil
    }
}
