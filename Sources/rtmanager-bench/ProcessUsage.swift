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

/// The resources used by a process, as reported by Linux.
struct ProcessUsage: Sendable, Equatable {
    /// The CPU time, in seconds.
    var cpu: Double
    /// The largest resident memory, in MiB.
    var peakMiB: Double
    /// The resident memory, in MiB.
    var residentMiB: Double

    /// Reads the usage of a process. Returns nil if the system has no such report.
    init?(pid: Int) {
        guard let stat = Self.text("/proc/\(pid)/stat"), let status = Self.text("/proc/\(pid)/status") else {
            return nil
        }
        self.init(stat: stat, status: status, ticksPerSecond: Double(sysconf(Int32(_SC_CLK_TCK))))
    }

    /// Parses the texts of `/proc/PID/stat` and `/proc/PID/status`. The process's name in `stat` may hold blanks and
    /// brackets, so the parser begins after the name.
    init?(stat: String, status: String, ticksPerSecond: Double) {
        let fields = stat[(stat.lastIndex(of: ")") ?? stat.startIndex)...].split(separator: " ")
        guard fields.count > 13, let user = Double(fields[12]), let system = Double(fields[13]) else { return nil }
        cpu = (user + system) / ticksPerSecond
        peakMiB = Self.mebibytes("VmHWM:", status)
        residentMiB = Self.mebibytes("VmRSS:", status)
    }

    private static func mebibytes(_ name: String, _ status: String) -> Double {
        let line = status.split(whereSeparator: \.isNewline).first { $0.hasPrefix(name) }
        return (line?.split(separator: " ").dropLast().last.flatMap { Double($0) } ?? 0) / 1_024
    }

    /// Returns the text of a file; nil if there is none.
    static func text(_ path: String) -> String? {
        FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
    }
}
