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

/// The resources used by a process group and the descendants of its members, as reported by Linux.
struct GroupUsage: Sendable, Equatable {
    /// The CPU time in seconds, with the time of the children that have ended.
    var cpu: Double
    /// The resident memory in MiB. Of the pages that members share, those of the member with most of them count, since
    /// members run the same program. Sharing with other processes makes no difference.
    var mebibytes: Double

    /// Reads the usage of the group that the process `leader` leads. Returns nil if the system has no such report.
    init?(leader: Int) {
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: "/proc") else { return nil }
        let stats = names.filter { Int($0) != nil }.compactMap { ProcessUsage.text("/proc/\($0)/stat") }
        self.init(
            leader: leader,
            stats: stats,
            ticksPerSecond: Double(sysconf(Int32(_SC_CLK_TCK)))
        ) { ProcessUsage.text("/proc/\($0)/smaps_rollup") ?? "" }
    }

    /// Adds up the usage of the members. Returns nil if the group is empty.
    ///
    /// - Parameters:
    ///   - stats: The texts of `/proc/PID/stat` of all processes.
    ///   - memory: Returns the text of `/proc/PID/smaps_rollup` of a process.
    init?(leader: Int, stats: [String], ticksPerSecond: Double, memory: (Int) -> String) {
        let processes = stats.compactMap(ProcessStat.init)
        var members: Set<Int> = []
        var isGrowing = true
        while isGrowing {
            let found = processes.filter { $0.group == leader || members.contains($0.parent) }.map(\.pid)
            isGrowing = found.count > members.count
            members = Set(found)
        }
        guard !members.isEmpty else { return nil }
        cpu = processes.filter { members.contains($0.pid) }.map(\.ticks).reduce(0, +) / ticksPerSecond
        let rollups = members.map(memory)
        let own = rollups.map { Self.kibibytes(["Private_Clean:", "Private_Dirty:"], $0) }.reduce(0, +)
        let shared = rollups.map { Self.kibibytes(["Shared_Clean:", "Shared_Dirty:"], $0) }.max() ?? 0
        mebibytes = (own + shared) / 1_024
    }

    /// Returns the sum of the lines with these names, in KiB.
    private static func kibibytes(_ names: [String], _ rollup: String) -> Double {
        let lines = rollup.split(whereSeparator: \.isNewline).map { $0.split(separator: " ") }
        return lines.filter { words in names.contains { words.first == $0[...] } }
            .compactMap { $0.dropLast().last.flatMap { Double($0) } }
            .reduce(0, +)
    }
}

/// The fields of `/proc/PID/stat` about a process and its group.
struct ProcessStat: Sendable, Equatable {
    var pid: Int
    var parent: Int
    var group: Int
    /// The CPU time of the process and of its ended children, in ticks.
    var ticks: Double
    /// Whether the process has ended, and nobody has waited for it.
    var isZombie: Bool

    /// Reads the fields of a process. Returns nil if the system has no such report.
    init?(pid: Int) {
        guard let text = ProcessUsage.text("/proc/\(pid)/stat") else { return nil }
        self.init(text)
    }

    /// Parses the text of `/proc/PID/stat`. The process's name may hold blanks and brackets.
    init?(_ stat: String) {
        guard let open = stat.firstIndex(of: "("), let close = stat.lastIndex(of: ")"),
            let pid = Int(stat[..<open].filter { $0 != " " })
        else { return nil }
        let fields = stat[close...].split(separator: " ")
        guard fields.count > 15, let parent = Int(fields[2]), let group = Int(fields[3]) else { return nil }
        let times = fields[12...15].compactMap { Double($0) }
        guard times.count == 4 else { return nil }
        (self.pid, self.parent, self.group, ticks) = (pid, parent, group, times.reduce(0, +))
        isZombie = fields[1] == "Z"
    }
}
