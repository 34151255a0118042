#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// How a piece of text stands out, where colours are wanted.
enum TextStyle: String, Sendable {
    case plain = ""
    case heading = "1"
    case dim = "2"
    case good = "32"
    case notable = "33"
    case bad = "31"
    case accent = "36"
}

/// Puts colours on text, or leaves it as it is.
struct Painter: Sendable, Equatable {
    var isColored = false

    func paint(_ text: String, _ style: TextStyle) -> String {
        isColored && style != .plain && !text.isEmpty ? "\u{1B}[\(style.rawValue)m\(text)\u{1B}[0m" : text
    }
}

/// What text is printed on.
struct Surface: Sendable, Equatable {
    /// Characters of a line; nil: no bound, since nobody looks at it.
    var width: Int?
    /// Lines of a screen; nil: no bound.
    var height: Int?
    var painter = Painter()

    /// Neither bounds nor colours: a file or another program.
    static let plain = Surface()

    /// The process' stdout as it is now.
    static var standardOutput: Surface { terminal(STDOUT_FILENO, isColored: StandardOutput.takesColors) }

    /// The process' stderr as it is now.
    static var standardError: Surface { terminal(STDERR_FILENO, isColored: StandardError.takesColors) }

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
