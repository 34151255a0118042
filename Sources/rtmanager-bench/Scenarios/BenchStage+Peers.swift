import Commands
import JobContract
import Primitives
import Redis
import Terminal

extension BenchStage {
    /// The longest time of all rounds, if the number of rounds is not given.
    private static let usualTime = Duration.seconds(300)

    /// Measures rtmanager and other workers in turn, each directly after a drain by the baseline.
    ///
    /// - Parameter report: Called after each turn, and at the end with the medians and the table.
    func peers(_ report: (BenchReport) throws -> Void) async throws {
        guard let path = options.peers else { throw CommandError.wrongUse("peers needs --peers FILE") }
        let file = try PeersFile.read(path, only: options.only)
        let missing = await file.missing
        if !missing.isEmpty { try report(BenchReport(part: "left out", notes: missing.map(\.note))) }
        let peers = file.peers.filter { peer in !missing.contains { $0.peer == peer } }
        var results = [PeerResult()] + peers.map { PeerResult($0) }
        var failures: [String] = []
        let begin = ContinuousClock.now
        for round in 0..<(options.rounds ?? options.full(3, quick: 1)) {
            let used = begin.duration(to: .now)
            if options.rounds == nil, used + used / max(round, 1) > Self.usualTime { break }
            for index in results.indices {
                let part = "\(results[index].name), round \(round + 1)"
                do {
                    let turn = try await index == 0 ? ownTurn(round) : turn(peers[index - 1], in: file.folder)
                    results[index].rounds.append(turn)
                    var single = results[index]
                    single.rounds = [turn]
                    try report(BenchReport(part: part, figures: single.figures))
                } catch let error where index > 0 && !Task.isCancelled {
                    failures.append("\(part): \((error as? CommandError)?.description ?? "\(error)")")
                    try report(BenchReport(part: part, notes: failures.suffix(1)))
                }
            }
        }
        let notes = missing.map(\.note) + failures
        try report(BenchReport(figures: results.flatMap(\.figures), notes: notes, table: results.table))
        guard failures.isEmpty else { throw CommandError.failed("turns without a figure: \(failures.count)") }
    }

    private var loneCount: Int { options.full(50, quick: 5) }

    /// Runs the baseline: a drain, then lone jobs.
    private func baselineTurn() async throws -> (drain: DrainFigures, lone: [Double]) {
        let jobs = options.jobs ?? options.full(20_000, quick: 2_000)
        try await redis.empty()
        try await redis.push(0..<jobs)
        let drain = try await redis.baseline(jobs)
        let (bare, reader) = (reader(), reader())
        let lone = try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await redis.serveBaseline(bare) }
            var times: [Double] = []
            // The first two warm caches.
            for number in -2..<loneCount {
                let message = #"{"v":1,"id":"bare-\#(number)","kind":"stop","game_id":"game-bare-\#(number)"}"#
                let time = try await timed(reader, redis.baselineResults) {
                    _ = try await redis.client.send(
                        RedisCommand("LPUSH", .string(redis.baselineQueue), .string(message))
                    )
                }
                if number >= 0 { times.append(time) }
            }
            group.cancelAll()
            await reader.close()
            await bare.close()
            return times
        }
        try await redis.empty()
        return (drain, lone)
    }

    /// Runs rtmanager's worker with a Docker Engine in memory.
    private func ownTurn(_ round: Int) async throws -> PeerRound {
        let baseline = try await baselineTurn()
        let jobs = options.jobs ?? options.full(20_000, quick: 2_000)
        return try await withWorker(["RTM_CONCURRENCY": String(options.concurrency)]) {
            let pid = try await settledWorker()
            let all = try await redis.results() + jobs
            try await redis.pause(true)
            try await redis.push(0..<jobs)
            try await redis.pause(false)
            let meter = PeerMeter(redis: redis, pid: pid, logEnd: { "" }) { all - (try await redis.results()) }
            let drain = try await meter.drained(jobs)
            let reader = reader()
            var times: [Double] = []
            for number in -2..<loneCount {
                let time = try await timed(reader, redis.keys.results) {
                    try await redis.push(number..<number + 1, prefix: "one")
                }
                if number >= 0 { times.append(time) }
            }
            await reader.close()
            return PeerRound(baseline: baseline.drain, worker: drain, lone: times, baselineLone: baseline.lone)
        }
    }

    /// Runs a peer's worker.
    private func turn(_ peer: Peer, in folder: String) async throws -> PeerRound {
        let baseline = try await baselineTurn()
        let programs = PeerProcess(
            folder: folder,
            environment: peer.environment.merging(addresses) { given, _ in given },
            log: "\(directory)/peer-\(peer.name).log"
        )
        func words(_ words: [String], _ jobs: Int = 0) -> [String] {
            Peer.filled(words, jobs: jobs, url: addresses["REDIS_URL"] ?? "", folder: folder)
        }
        let jobs = options.full(peer.jobs, quick: min(peer.jobs, 500))
        try await programs.run(words(peer.fill, jobs), within: .seconds(60))
        let filled = try await redis.left(peer.left)
        guard filled == jobs else {
            throw CommandError.failed("fill queued \(filled) of \(jobs) jobs\(programs.logEnd)")
        }
        return try await programs.with(words(peer.work)) { pid in
            let meter = PeerMeter(redis: redis, pid: pid, logEnd: { programs.logEnd }) {
                try await redis.left(peer.left)
            }
            var round = PeerRound(baseline: baseline.drain, worker: try await meter.drained(jobs))
            if let lone = peer.lone {
                try await programs.run(words(lone, loneCount + 2), within: .seconds(60))
                round.lone = try await redis.loneTimes(loneCount + 2)
                round.baselineLone = baseline.lone
            }
            return round
        }
    }

    /// The address of Redis for the programs of peers.
    private var addresses: [String: String] {
        ["REDIS_URL": "unix://\(directory)/redis.sock", "REDIS_SOCKET": "\(directory)/redis.sock"]
    }
}

extension BenchReport {
    /// Creates a report of a turn, or of all turns.
    fileprivate init(part: String? = nil, figures: [BenchFigure] = [], notes: [String] = [], table: [String] = []) {
        self.init(scenario: .peers, part: part, figures: figures, notes: notes, table: table)
    }
}

extension BenchRedis {
    /// The list of the times from push to handler that lone jobs of peers report.
    private static let lone = "bench:lone"

    /// Returns the sum of the lengths that `commands` return.
    func left(_ commands: [[String]]) async throws -> Int {
        let replies = try await client.pipeline(commands.map { RedisCommand($0[0], .string($0[1])) })
        return replies.reduce(0) { $0 + Int($1.integer ?? 0) }
    }

    /// Waits for the reports of lone jobs. Returns the times without the first two, which warm caches.
    func loneTimes(_ count: Int) async throws -> [Double] {
        let list = RedisArgument.string(Self.lone)
        try await awaitReadiness("the last of \(count) lone jobs", within: .seconds(20)) {
            (try? await client.send(RedisCommand("LLEN", list)).integer) == Int64(count)
        }
        let times = try await client.send(RedisCommand("LRANGE", list, 0, -1)).array ?? []
        return times.dropFirst(2).compactMap { $0.string.flatMap { Double($0) } }
    }
}
