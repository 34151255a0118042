import JobContract
import Primitives
import Redis

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The baseline: the cheapest reliable worker.
///
/// The baseline moves each message to its own list. A script then removes the message, publishes a result and keeps the
/// job's id.
extension BenchRedis {
    private static let baselineScript = RedisScript(
        name: "baseline",
        source: """
            redis.call('LREM', KEYS[1], -1, ARGV[1])
            redis.call('XADD', KEYS[2], 'MAXLEN', '~', 10000, '*', 'id', ARGV[2], 'outcome', 'succeeded')
            return redis.call('SET', KEYS[3] .. ARGV[2], '1', 'EX', 86400)
            """
    )
    private static let depth = 16

    /// The baseline has its own keys, so that the baseline can run beside a worker.
    private var taken: String { keys.prefix + "baseline:taken" }
    var baselineQueue: String { keys.prefix + "baseline:queue" }
    var baselineResults: String { keys.prefix + "baseline:results" }
    private var baselineKeys: [String] { [taken, baselineResults, keys.prefix + "baseline:id:"] }

    /// Runs up to `count` queued jobs on a single connection, 16 at a time.
    func baseline(_ count: Int) async throws -> DrainFigures {
        _ = try await client.evaluate(Self.baselineScript, keys: baselineKeys, arguments: ["none", "none"])
        let own = Int(ProcessInfo.processInfo.processIdentifier)
        let (cpuBefore, countsBefore, usageBefore) = (try await cpu(), try await counts(), ProcessUsage(pid: own))
        let begin = ContinuousClock.now
        var done = 0
        while done < count {
            let moves = Array(
                repeating: RedisCommand("LMOVE", queue, .string(taken), "RIGHT", "LEFT"),
                count: Self.depth
            )
            let messages = try await client.pipeline(moves).compactMap(\.bytes)
            if messages.isEmpty { break }
            let ends = messages.enumerated().map { index, message in end(message, "job-\(done + index)") }
            _ = try await client.pipeline(ends)
            done += messages.count
        }
        let time = begin.duration(to: .now).inSeconds
        let (jobs, usage) = (Double(max(done, 1)), ProcessUsage(pid: own))
        return DrainFigures(
            jobsPerSecond: Double(done) / time,
            redisMicros: (try await cpu() - cpuBefore) * 1_000_000 / jobs,
            workerMicros: usage.flatMap { after in usageBefore.map { (after.cpu - $0.cpu) * 1_000_000 / jobs } },
            workerMiB: nil,
            counts: try await counts().perJob(since: countsBefore, jobs)
        )
    }

    private func end(_ message: [UInt8], _ id: String) -> RedisCommand {
        Self.baselineScript.command(keys: baselineKeys, arguments: [.bytes(message), .string(id)])
    }

    /// Pushes a job for ``serveBaseline(_:)``.
    func pushBare(_ number: Int) async throws {
        let message = #"{"v":1,"id":"bare-\#(number)","kind":"stop","game_id":"game-bare-\#(number)"}"#
        _ = try await client.send(RedisCommand("LPUSH", .string(baselineQueue), .string(message)))
    }

    /// Waits for single jobs in the baseline's own queue and ends each job, until the task is cancelled.
    func serveBaseline(_ connection: RedisBlockingConnection) async throws {
        _ = try await client.evaluate(Self.baselineScript, keys: baselineKeys, arguments: ["none", "none"])
        var done = 0
        while !Task.isCancelled {
            let message = try await connection.send(
                RedisCommand("BLMOVE", .string(baselineQueue), .string(taken), "RIGHT", "LEFT", "1"),
                serverTimeout: .seconds(1)
            )
            guard let bytes = message.bytes else { continue }
            _ = try await client.send(end(bytes, "single-\(done)"))
            done += 1
        }
    }
}
