import Primitives
import Terminal

/// The result of a drain by a peer's worker.
struct PeerDrain: Sendable, Equatable {
    var jobsPerSecond: Double
    /// The CPU time of Redis per job, in microseconds.
    var redisMicros: Double
    /// The CPU time of the worker's process group per job, in microseconds; nil: unknown on this system.
    var workerMicros: Double?
    /// The memory of the worker's process group, in MiB; nil: unknown on this system.
    var workerMiB: Double?
}

/// The state of a drain at a moment.
struct PeerSample: Sendable, Equatable {
    /// The time since the start of the worker, in seconds.
    var seconds: Double
    /// The number of jobs that have not ended.
    var left: Int
    /// The CPU time of Redis, in seconds.
    var redisCPU: Double
    var group: GroupUsage?
}

extension PeerDrain {
    /// Returns the figures of the jobs that ended between two moments.
    init(from begin: PeerSample, to end: PeerSample, peakMiB: Double?) {
        let jobs = Double(max(begin.left - end.left, 1))
        jobsPerSecond = jobs / max(end.seconds - begin.seconds, 0.001)
        redisMicros = (end.redisCPU - begin.redisCPU) * 1_000_000 / jobs
        workerMicros = end.group.flatMap { after in begin.group.map { (after.cpu - $0.cpu) * 1_000_000 / jobs } }
        workerMiB = peakMiB
    }
}

/// Measures a worker from the first job that is gone to the last. The start of the worker does not count.
struct PeerMeter {
    /// The time from one look at the queue to the next.
    private static let pause = Duration.milliseconds(10)
    /// The time from one look at the memory to the next.
    private static let memoryPause = Duration.milliseconds(500)

    let redis: BenchRedis
    /// The leader of the worker's process group.
    let pid: Int
    /// The end of the worker's output, for errors.
    let logEnd: () -> String
    /// Returns the number of jobs that have not ended.
    let left: () async throws -> Int

    /// Waits for the end of `count` queued jobs.
    func drained(_ count: Int, within limit: Duration = .seconds(60)) async throws -> PeerDrain {
        let start = ContinuousClock.now
        let begin = try await firstGone(of: count, since: start)
        guard begin.left > 0 else {
            throw CommandError.failed("all of \(count) jobs ended at once: raise jobs in the peers file")
        }
        var peak = begin.group?.mebibytes
        var nextMemory = start
        while start.duration(to: .now) < limit {
            let rest = try await left()
            let end = rest == 0 ? try await sample(rest, since: start) : nil
            if ContinuousClock.now >= nextMemory {
                peak = [peak, GroupUsage(leader: pid)?.mebibytes].compactMap(\.self).max()
                nextMemory = .now.advanced(by: Self.memoryPause)
            }
            try await Task.sleep(for: Self.pause)
            // A worker may hold a job for a moment while no key has it. So the queue must stay empty.
            if let end, try await left() == 0 { return PeerDrain(from: begin, to: end, peakMiB: peak) }
        }
        throw CommandError.failed("\(try await left()) of \(count) jobs were left after \(limit)\(logEnd())")
    }

    private func firstGone(of count: Int, since start: ContinuousClock.Instant) async throws -> PeerSample {
        while start.duration(to: .now) < .seconds(30) {
            let rest = try await left()
            if rest < count { return try await sample(rest, since: start) }
            guard ProcessStat(pid: pid)?.isZombie != true else {
                throw CommandError.failed("the worker ended before it took a job\(logEnd())")
            }
            try await Task.sleep(for: Self.pause)
        }
        throw CommandError.failed("the worker took no job within 30 s\(logEnd())")
    }

    private func sample(_ left: Int, since start: ContinuousClock.Instant) async throws -> PeerSample {
        PeerSample(
            seconds: start.duration(to: .now).inSeconds,
            left: left,
            redisCPU: try await redis.cpu(),
            group: GroupUsage(leader: pid)
        )
    }
}
