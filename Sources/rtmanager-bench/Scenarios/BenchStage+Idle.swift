import Commands
import Primitives
import Redis
import Terminal

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension BenchStage {
    /// Measures the cost of a worker without work.
    func idle() async throws -> [BenchFigure] {
        guard await Program.exists("redis-cli") else {
            throw CommandError.failed("this scenario needs redis-cli: apt-get install redis-tools")
        }
        return try await withWorker {
            let pid = try await settledWorker()
            try await Task.sleep(for: options.full(.seconds(5), quick: .seconds(1)))
            let log = "\(directory)/monitor.log"
            return try await Program.with(["redis-cli", "-s", "\(directory)/redis.sock", "monitor"], log: log) {
                try await awaitReadiness("redis-cli monitor") { Self.text(log).hasPrefix("OK") }
                return try await measureIdle(pid, monitor: log)
            }
        }
    }

    private func measureIdle(_ pid: Int, monitor log: String) async throws -> [BenchFigure] {
        let before = ProcessUsage(pid: pid)
        let seenBefore = Self.roundTrips(Self.text(log))
        let commands = try await redis.commands()
        let begin = ContinuousClock.now
        try await Task.sleep(for: options.full(.seconds(30), quick: .seconds(5)))
        let time = begin.duration(to: .now).inSeconds
        // A single command is the bench's own.
        let all = (try await redis.commands() - commands - 1) / time
        let trips = Double(Self.roundTrips(Self.text(log)) - seenBefore) / time
        var figures: [BenchFigure] = []
        if let before, let after = ProcessUsage(pid: pid) {
            figures.append(BenchFigure("CPU of the worker", (after.cpu - before.cpu) * 100 / time, "%"))
            figures.append(BenchFigure("resident memory of the worker", after.residentMiB, "MiB"))
        }
        return figures + [
            BenchFigure("commands to Redis, those of scripts too", all, "1/s"),
            BenchFigure("round trips to Redis", trips, "1/s"),
        ]
    }

    private static func text(_ path: String) -> String {
        FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }

    /// Counts the commands in the output of `MONITOR`, without the commands of scripts and the bench's own.
    static func roundTrips(_ monitor: String) -> Int {
        monitor.split(separator: "\n").count { line in
            line.contains("] \"") && !line.contains(" lua] ") && !line.contains("] \"INFO\"")
        }
    }
}
