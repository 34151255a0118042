extension Duration {
    /// The duration in seconds, with its fraction.
    package var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }

    /// The duration in milliseconds, with its fraction.
    package var inMilliseconds: Double { inSeconds * 1_000 }

    /// The whole milliseconds of the duration. The rest is cut off.
    package var milliseconds: Int64 { components.seconds * 1_000 + components.attoseconds / 1_000_000_000_000_000 }

    /// The whole nanoseconds of the duration. The rest is cut off.
    package var nanoseconds: Int64 { components.seconds * 1_000_000_000 + components.attoseconds / 1_000_000_000 }

    /// The duration for a log line or a message: `350ms`, `2.4s`, `12s`, `3m12s`, `2h05m` or `4d3h`. A negative duration
    /// counts as zero.
    package var shortText: String {
        // Under ten seconds, a whole second is too coarse.
        guard milliseconds >= 1_000, milliseconds < 10_000 else { return coarseText }
        let tenths = (milliseconds + 50) / 100
        return tenths % 10 == 0 ? "\(tenths / 10)s" : "\(tenths / 10).\(tenths % 10)s"
    }

    /// The duration for a table: like ``shortText``, but without tenths of a second.
    package var coarseText: String {
        let milliseconds = max(0, self.milliseconds)
        let seconds = milliseconds / 1_000
        switch seconds {
        case 0: return milliseconds == 0 ? "0s" : "\(milliseconds)ms"
        case ..<60: return "\(seconds)s"
        case ..<3_600: return "\(seconds / 60)m\(Self.padded(seconds % 60))s"
        case ..<86_400: return "\(seconds / 3_600)h\(Self.padded(seconds / 60 % 60))m"
        default: return "\(seconds / 86_400)d\(seconds / 3_600 % 24)h"
        }
    }

    private static func padded(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
