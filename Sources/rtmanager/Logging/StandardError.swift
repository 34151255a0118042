import Timestamps

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

/// The process' stderr.
enum StandardError {
    /// Writes `line` and a line feed in one call where the system takes it whole, so that lines of
    /// several threads and processes stay apart. What cannot be written is lost.
    static func write(line: String) {
        var bytes = Array(line.utf8)
        bytes.append(UInt8(ascii: "\n"))
        writeAll(bytes, to: STDERR_FILENO)
    }

    /// Writes `text` as it is.
    static func write(text: String) { writeAll(Array(text.utf8), to: STDERR_FILENO) }

    /// Keeps the process alive when nobody reads its log any more: lines are then lost, and jobs go on.
    static func surviveItsReader() {
        _ = signal(SIGPIPE, SIG_IGN)
    }

    /// Whether stderr is a terminal and its user has not asked for no colours (https://no-color.org).
    static var takesColors: Bool { isColorTerminal(STDERR_FILENO) }
}

private func isColorTerminal(_ descriptor: Int32) -> Bool {
    let environment = ProcessInfo.processInfo.environment
    return isatty(descriptor) == 1 && (environment["NO_COLOR"] ?? "").isEmpty && environment["TERM"] != "dumb"
}

/// The process' stdout, for what a command was asked to print.
enum StandardOutput {
    /// Whether stdout is a terminal and its user has not asked for no colours.
    static var takesColors: Bool { isColorTerminal(STDOUT_FILENO) }

    static func write(line: String) {
        writeAll(Array(line.utf8) + [UInt8(ascii: "\n")], to: STDOUT_FILENO)
    }
}

private func writeAll(_ bytes: [UInt8], to descriptor: Int32) {
    bytes.withUnsafeBytes { buffer in
        var rest = buffer[...]
        while !rest.isEmpty {
            let written = write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
            if written > 0 {
                rest = rest.dropFirst(written)
            } else if written == 0 || errno != EINTR {
                return
            }
        }
    }
}

/// The wall clock of this machine.
enum SystemClock {
    static func now() -> Timestamp {
        // A Date has the nanoseconds to about 200, which is enough for a log, a page and a delay.
        Timestamp(nanosecondsSinceEpoch: Int64(Date().timeIntervalSince1970 * 1_000_000_000))
    }
}
