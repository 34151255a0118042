import Synchronization

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

/// The standard error of the process.
package enum StandardError {
    /// Writes `line` and a line feed in a single call, if the system takes all bytes at once.
    ///
    /// Lines of several threads and processes then stay whole. A failed write loses the rest of the line.
    package static func write(line: TerminalText) { _ = writeAll("\(line)\n", to: STDERR_FILENO) }

    /// Writes `text` without a line feed.
    package static func write(text: TerminalText) { _ = writeAll(text, to: STDERR_FILENO) }

    /// Whether stderr shows colours: a terminal, without `NO_COLOR` (https://no-color.org) and without `TERM=dumb`.
    package static var takesColors: Bool { isColorTerminal(STDERR_FILENO) }
}

/// The standard output of the process, for the results of a command.
package enum StandardOutput {
    /// The reason why nothing more can be written.
    package enum Problem: Sendable, Equatable {
        /// The reader closed the other end. A closed reader is no failure.
        case closed
        /// A write failed with this `errno`.
        case failed(Int32)

        package init(errno code: Int32) { self = code == EPIPE ? .closed : .failed(code) }

        package var sentence: String? {
            switch self {
            case .closed: nil
            case .failed(let code): "stdout cannot be written: \(String(cString: strerror(code)))"
            }
        }
    }

    private static let state = Mutex<Problem?>(nil)

    /// The reason why the output of this process is incomplete; nil: the output is complete.
    package static var problem: Problem? { state.withLock { $0 } }

    /// Whether stdout shows colours: a terminal, without `NO_COLOR` and without `TERM=dumb`.
    package static var takesColors: Bool { isColorTerminal(STDOUT_FILENO) }

    /// Writes `line` and a line feed. After a failed write, the function writes nothing more.
    package static func write(line: TerminalText) { write(text: "\(line)\n") }

    /// Writes `text` without a line feed. After a failed write, the function writes nothing more.
    package static func write(text: TerminalText) {
        state.withLock { problem in
            guard problem == nil else { return }
            problem = writeAll(text, to: STDOUT_FILENO).map(Problem.init(errno:))
        }
    }
}

extension Surface {
    /// The stdout of the process, with the present size and colours.
    package static var standardOutput: Surface { terminal(STDOUT_FILENO, isColored: StandardOutput.takesColors) }

    /// The stderr of the process, with the present size and colours.
    package static var standardError: Surface { terminal(STDERR_FILENO, isColored: StandardError.takesColors) }

    private static func terminal(_ descriptor: Int32, isColored: Bool) -> Surface {
        let painter = Painter(isColored: isColored)
        guard isatty(descriptor) == 1 else { return Surface(painter: painter) }
        var size = winsize()
        guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else {
            return Surface(width: 80, height: 24, painter: painter)
        }
        return Surface(width: Int(size.ws_col), height: Int(size.ws_row), painter: painter)
    }
}

/// The handling of signals about output.
package enum OutputSignals {
    /// Ignores SIGPIPE, so that a write without a reader fails and does not end the process.
    ///
    /// A worker then continues without its log, and a command ends by itself.
    package static func ignoreClosedPipes() { _ = signal(SIGPIPE, SIG_IGN) }
}

private func isColorTerminal(_ descriptor: Int32) -> Bool {
    let environment = ProcessInfo.processInfo.environment
    return isatty(descriptor) == 1 && (environment["NO_COLOR"] ?? "").isEmpty && environment["TERM"] != "dumb"
}

/// Writes the whole text. Returns nil, or `errno` if a write failed.
private func writeAll(_ text: TerminalText, to descriptor: Int32) -> Int32? {
    var text = text.text
    return text.withUTF8 { buffer -> Int32? in
        var rest = UnsafeRawBufferPointer(buffer)[...]
        while !rest.isEmpty {
            let written = write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
            if written > 0 {
                rest = rest.dropFirst(written)
            } else if written < 0, errno == EAGAIN {
                // Another process made the shared terminal or pipe non-blocking.
                var ready = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                _ = poll(&ready, 1, 1_000)
            } else if written == 0 || errno != EINTR {
                return written == 0 ? EIO : errno
            }
        }
        return nil
    }
}
