import Commands
import JobContract
import JobQueue
import Primitives
import Redis
import Terminal

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

extension BenchStage {
    /// Measures the times from a leader's end to its successor, and from a worker's death to the result of its job.
    func failover() async throws -> [BenchFigure] {
        let lease = options.full(10, quick: 2)
        let settings = [
            "RTM_LEASE_TTL_SECONDS": String(lease), "RTM_LEADER_TTL_SECONDS": options.full("4", quick: "2"),
        ]
        // Each worker has a foreign container, so every leader has an event to publish. Starts take 500 ms.
        let words = ["--engine", "memory", "--start-milliseconds", "500", "--foreign-containers", "1"]
        return try await withWorkers(3, words, settings) {
            var figures: [BenchFigure] = []
            let repetitions = options.full(20, quick: 2)
            for (signal, title) in [(SIGKILL, "leader killed"), (SIGTERM, "leader stopped")] {
                var (leads, acts): ([Double], [Double]) = ([], [])
                for _ in 0..<repetitions {
                    let times = try await takeOver(signal)
                    leads.append(times.leads)
                    acts.append(times.acts)
                }
                figures += [
                    BenchFigure("\(title) to a successor that leads, p50", leads.median, "ms"),
                    BenchFigure("\(title) to a successor that leads, at most", leads.max() ?? 0, "ms"),
                    BenchFigure("\(title) to its first event, p50", acts.median, "ms"),
                    BenchFigure("\(title) to its first event, at most", acts.max() ?? 0, "ms"),
                ]
            }
            var jobs: [Double] = []
            for number in 0..<options.full(20, quick: 1) { jobs.append(try await resumed(number)) }
            let title = "worker killed to the result of its job"
            return figures + [
                BenchFigure("\(title), lease of \(lease) s, p50", jobs.median, "ms"),
                BenchFigure("\(title), at most", jobs.max() ?? 0, "ms"),
            ]
        }
    }

    private static let node: NodeID = "bench"

    /// Ends the leader at a random point of its lease. Returns times in milliseconds.
    private func takeOver(_ signal: Int32) async throws -> (leads: Double, acts: Double) {
        let old = try await settledLeader()
        try await Task.sleep(for: .milliseconds(.random(in: 0..<1_500)))
        let reader = reader()
        let times = try await withThrowingTaskGroup(of: (isLead: Bool, time: Double).self) { group in
            let cursor = try await redis.lastID(of: redis.keys.events)
            let begin = ContinuousClock.now
            kill(pid_t(old.pid), signal)
            group.addTask {
                try await untilToldByAnother(than: old.pid, reader, from: cursor)
                return (false, begin.duration(to: .now).inMilliseconds)
            }
            group.addTask {
                try await awaitReadiness("a successor", log: workerLog, every: .milliseconds(2)) {
                    guard let holder = try? await leader(of: Self.node) else { return false }
                    return holder != old.name
                }
                return (true, begin.duration(to: .now).inMilliseconds)
            }
            return try await group.reduce(into: (leads: 0.0, acts: 0.0)) { times, one in
                if one.isLead { times.leads = one.time } else { times.acts = one.time }
            }
        }
        await reader.close()
        // A worker with a published event leads, even if this process sees the lease a moment later.
        return (min(times.leads, times.acts), times.acts)
    }

    private func untilToldByAnother(than pid: Int, _ reader: RedisBlockingConnection, from first: String) async throws {
        var cursor = first
        while true {
            let stream = RedisArgument.string(redis.keys.events)
            let answer = try await reader.send(
                RedisCommand("XREAD", "BLOCK", "30000", "STREAMS", stream, .string(cursor)),
                serverTimeout: .seconds(30)
            )
            let entries = answer.array?.first?.array?.last?.array ?? []
            guard let last = entries.last?.array?.first?.string else {
                throw CommandError.failed("no successor told of anything within 30 s")
            }
            cursor = last
            if Self.tellers(entries).contains(where: { $0 != pid }) { return }
        }
    }

    /// Returns the processes whose own containers have entries here.
    private static func tellers(_ entries: [RedisValue]) -> [Int] {
        entries.compactMap { $0.array?.last?.array }.compactMap { pairs in
            let fields = JobResult(pairs: pairs.compactMap(\.string)).fields
            guard fields["event"] == "started", let game = fields["game_id"] else { return nil }
            return MemoryEngine.process(ofForeign: game)
        }
    }

    /// Returns the leader, once the leader has published its container's start and three workers live.
    private func settledLeader() async throws -> (name: String, pid: Int) {
        var found: (name: String, pid: Int)?
        try await awaitReadiness("three workers with a leader", within: .seconds(60), log: workerLog) {
            guard let name = (try? await leader(of: Self.node)) ?? nil, let pid = BenchRedis.pid(ofWorker: name),
                kill(pid_t(pid), 0) == 0, let pids = try? await redis.workerPIDs()
            else { return false }
            found = (name, pid)
            guard pids.count(where: { kill(pid_t($0), 0) == 0 }) >= 3 else { return false }
            let entries = RedisCommand("XREVRANGE", .string(redis.keys.events), "+", "-", "COUNT", "50")
            let told = (try? await redis.client.send(entries).array) ?? []
            return Self.tellers(told).contains(pid)
        }
        guard let found else { throw CommandError.failed("nobody leads") }
        return found
    }

    /// Kills a worker in the middle of a start. Returns the time from the kill to the job's result, in milliseconds.
    private func resumed(_ number: Int) async throws -> Double {
        _ = try await settledLeader()
        let id = JobID("resumed-\(number)")
        let reader = reader()
        let cursor = try await redis.lastID(of: redis.keys.results)
        try await redis.push(number..<number + 1, kind: .start, prefix: "resumed")
        var victim: Int?
        try await awaitReadiness("a worker to run \(id)", log: workerLog, every: .milliseconds(5)) {
            let command = RedisCommand("HMGET", .string(redis.keys.job(id)), "state", .string(JobRecord.lease))
            let fields = (try? await redis.client.send(command).array) ?? []
            guard fields.count == 2, fields[0].string == "running", let lease = fields[1].string else { return false }
            victim = JobRecord.named([JobRecord.lease: lease])["_worker"].flatMap(BenchRedis.pid(ofWorker:))
            return victim != nil
        }
        guard let victim else { throw CommandError.failed("nobody runs \(id)") }
        let begin = ContinuousClock.now
        kill(pid_t(victim), SIGKILL)
        let command = RedisCommand(
            "XREAD",
            "BLOCK",
            "60000",
            "STREAMS",
            .string(redis.keys.results),
            .string(cursor)
        )
        let answer = try await reader.send(command, serverTimeout: .seconds(60))
        await reader.close()
        guard !answer.isNull else { throw CommandError.failed("\(id) had no result within 60 s") }
        return begin.duration(to: .now).inMilliseconds
    }

    /// Runs `body` beside `count` workers. Another worker replaces each ended worker.
    private func withWorkers<R: Sendable>(
        _ count: Int,
        _ arguments: [String],
        _ settings: [String: String],
        _ body: () async throws -> R
    ) async throws -> R {
        let words = [try Program.ownPath(), "worker"] + arguments
        return try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<count {
                group.addTask {
                    while !Task.isCancelled {
                        try await Program.untilExit(words, environment: environment(settings), log: workerLog)
                        // The pause slows the restarts of a worker unable to start.
                        try await Task.sleep(for: .milliseconds(50))
                    }
                }
            }
            let result = try await body()
            group.cancelAll()
            while let outcome = await group.nextResult() { _ = outcome }
            return result
        }
    }
}
