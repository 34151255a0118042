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

/// The process' stderr.
package enum StandardError {
    /// Writes `line` and a line feed in one call where the system takes it whole, so that lines of
    /// several threads and processes stay apart. What cannot be written is lost.
    package static func write(line: TerminalText) { _ = writeAll("\(line)\n", to: STDERR_FILENO) }

    /// Writes `text` without a line feed.
    package static func write(text: TerminalText) { _ = writeAll(text, to: STDERR_FILENO) }

    /// Whether stderr is a terminal and its user has not asked for no colours (https://no-color.org).
    package static var takesColors: Bool { isColorTerminal(STDERR_FILENO) }
}

/// The process' stdout, for what a command was asked to print.
package enum StandardOutput {
    /// Why no more can be written.
    package enum Problem: Sendable, Equatable {
        /// Whoever read it reads no more, which is no failure.
        case closed
        /// `errno` of the write.
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

    /// Why the output of this process is not complete; nil: it is.
    package static var problem: Problem? { state.withLock { $0 } }

    /// Whether stdout is a terminal and its user has not asked for no colours.
    package static var takesColors: Bool { isColorTerminal(STDOUT_FILENO) }

    /// Writes `line` and a line feed; nothing more after the first write that failed.
    package static func write(line: TerminalText) {
        state.withLock { problem in
            guard problem == nil else { return }
            problem = writeAll("\(line)\n", to: STDOUT_FILENO).map(Problem.init(errno:))
        }
    }
}

extension Surface {
    /// The process' stdout as it is now.
    package static var standardOutput: Surface { terminal(STDOUT_FILENO, isColored: StandardOutput.takesColors) }

    /// The process' stderr as it is now.
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

/// Signals that are about output.
package enum OutputSignals {
    /// Lets a write to a reader that has gone fail instead of ending the process: a worker goes on without its log, and a
    /// command ends by itself.
    package static func ignoreClosedPipes() { _ = signal(SIGPIPE, SIG_IGN) }
}

private func isColorTerminal(_ descriptor: Int32) -> Bool {
    let environment = ProcessInfo.processInfo.environment
    return isatty(descriptor) == 1 && (environment["NO_COLOR"] ?? "").isEmpty && environment["TERM"] != "dumb"
}

/// Writes the whole text. Returns `errno` where that was not possible.
private func writeAll(_ text: TerminalText, to descriptor: Int32) -> Int32? {
    var text = text.text
    return text.withUTF8 { buffer -> Int32? in
        var rest = UnsafeRawBufferPointer(buffer)[...]
        while !rest.isEmpty {
            let written = write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
            if written > 0 {
                rest = rest.dropFirst(written)
            } else if written < 0, errno == EAGAIN {
                // Some other process has made the terminal or pipe that we share non-blocking.
                var ready = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                _ = poll(&ready, 1, 1_000)
            } else if written == 0 || errno != EINTR {
                return written == 0 ? EIO : errno
            }
        }
        return nil
    }
}
