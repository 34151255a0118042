import Foundation
import JobContract
import JobQueue
import Logging
import Redis
import Support
import Testing

/// What each script costs Redis, beside the cheapest script that ends a job.
@Suite("Measurements of the Lua scripts", .tags(.timing), .serialized, .timeLimit(.minutes(20)))
struct ScriptFigureTests {
    private static let manyJobs = Stopwatch.isMeasuring ? 1_000_000 : 20_000

    @Test("no script becomes slower with the length of the backlog")
    func scripts() async throws {
        var figures: [[String: Double]] = []
        for count in [1_000, Self.manyJobs] {
            try await ScriptBench.with { bench in
                try await bench.fill(count)
                figures.append(try await bench.times(rounds: Stopwatch.isMeasuring ? 12 : 4))
            }
        }
        let baseline = try #require(figures[0][ScriptBench.baselineName])
        #expect(figures[0].count == 8)
        for name in figures[0].keys.sorted() {
            let (few, many) = (figures[0][name] ?? 0, figures[1][name] ?? 0)
            let ratio = String(format: "%.1f", few / baseline)
            print("\(name): \(few) µs with 1,000 queued (\(ratio) of the baseline), \(many) µs with \(Self.manyJobs)")
            // Not a figure but a bound: what grows with the backlog would be a thousand times as much.
            #expect(many < few * 20 + 1_000)
        }
    }
}

/// A private Redis and the moves of one worker, of which Redis tells the time.
struct ScriptBench {
    static let baselineName = "baseline"

    private let client: RedisClient
    private let keys = Keyspace(namespace: "rtm")
    private let worker: JobQueue

    private static let baselineScript = RedisScript(
        name: "baseline",
        source: """
            redis.call('LREM', KEYS[1], -1, ARGV[1])
            redis.call('XADD', KEYS[2], 'MAXLEN', '~', 10000, '*', 'id', ARGV[2], 'outcome', 'succeeded')
            return redis.call('SET', KEYS[3] .. ARGV[2], '1', 'EX', 86400)
            """
    )

    static func with(_ body: (ScriptBench) async throws -> Void) async throws {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        try await PrivateRedis.with { redis in
            try await RedisClient.withClient(try RedisConfiguration(url: redis.unixURL), logger: logger) { client in
                try await body(ScriptBench(client))
            }
        }
    }

    private init(_ client: RedisClient) {
        self.client = client
        worker = JobQueue(
            redis: client,
            keys: keys,
            worker: WorkerIdentity(id: "w1", node: "n1", nonce: "w1"),
            options: JobQueueOptions(lease: .seconds(10))
        )
    }

    /// Pushes `count` starts, each of another game.
    func fill(_ count: Int) async throws {
        for start in stride(from: 0, to: count, by: 500) {
            let messages = (start..<min(start + 500, count)).map { RedisArgument.string(Self.message($0)) }
            let queue = RedisArgument.string(keys.queue("default"))
            _ = try await client.send(RedisCommand("LPUSH", arguments: [queue] + messages))
        }
    }

    private static func message(_ number: Int) -> String {
        #"{"v":1,"id":"job-\#(number)","kind":"start","game_id":"game-\#(number)","image":"engine:1","#
            + #""env":{"MODE":"ranked","MAP":"7"}}"#
    }

    /// Redis' own time of each script, in µs for each job. Each call is made by itself between two others, with cold
    /// caches: a busy worker makes them in batches.
    func times(rounds: Int) async throws -> [String: Double] {
        var meter = ScriptMeter(client)
        let decoder = JobDecoder()
        try await worker.announce([])
        for round in 0..<rounds {
            _ = try await meter.measure("peek and admit", jobs: { $0.taken }) {
                try await worker.intake(queue: "default") { decoder.decode($0) }
            }
            let jobs = try await meter.measure("claim", jobs: { $0.count }) {
                try await worker.claim(Capacity(starts: 8, stops: 8)).jobs
            }
            let pairs = jobs.map { $0.held }
            _ = try await meter.measure("beat", jobs: { _ in jobs.count }) {
                try await worker.extend(pairs, docker: .answers)
            }
            _ = try await meter.measure("tick", jobs: { _ in 1 }) { try await worker.sweep() }
            for (index, job) in jobs.enumerated() { try await end(job, index, &meter) }
            try await endByBaseline(round, &meter)
        }
        return meter.micros
    }

    private func end(_ job: ClaimedJob, _ index: Int, _ meter: inout ScriptMeter) async throws {
        switch index % 4 {
        case 0:
            _ = try await meter.measure("retry", jobs: { _ in 1 }) {
                try await worker.retry(job.held, after: FailedAttempt(pause: .zero, code: .timeout, error: "x"))
            }
        case 1:
            try await meter.measure("release", jobs: { _ in 1 }) {
                try await worker.release([job.held])
            }
        default:
            let finished = FinishedJob(
                job,
                ending: JobEnding(.succeeded, effect: .started),
                owner: .keep,
                freesReservation: false
            )
            _ = try await meter.measure("finish", jobs: { _ in 1 }) { try await worker.finish([finished]) }
        }
    }

    /// A job that only the cheapest script ends, eight times as often as others are in a round.
    private func endByBaseline(_ round: Int, _ meter: inout ScriptMeter) async throws {
        let (taken, results, id) = ("{baseline}:taken", "{baseline}:results", "{baseline}:id:")
        for number in 0..<8 {
            let message = RedisArgument.string(Self.message(number))
            _ = try await client.send(RedisCommand("LPUSH", .string(taken), message))
            let evaluate = { () async throws -> RedisValue in
                try await client.evaluate(
                    Self.baselineScript,
                    keys: [taken, results, id],
                    arguments: [message, .string("job-\(round)-\(number)")]
                )
            }
            // The first one has Redis compile it.
            if round == 0, number == 0 { _ = try await evaluate() }
            _ = try await meter.measure(Self.baselineName, jobs: { _ in 1 }, evaluate)
        }
    }
}

/// Adds up what Redis says that scripts took.
struct ScriptMeter {
    private let client: RedisClient
    private var spent: [String: (usec: Double, jobs: Int)] = [:]

    init(_ client: RedisClient) { self.client = client }

    /// µs for each job, with one digit after the point.
    var micros: [String: Double] { spent.mapValues { ($0.usec / Double($0.jobs) * 10).rounded() / 10 } }

    mutating func measure<Value>(
        _ name: String,
        jobs: (Value) -> Int,
        _ body: () async throws -> Value
    ) async throws -> Value {
        _ = try await client.send(RedisCommand("CONFIG", "RESETSTAT"))
        let value = try await body()
        let text = try await client.send(RedisCommand("INFO", "commandstats")).string ?? ""
        for line in text.split(whereSeparator: \.isNewline)
        where line.hasPrefix("cmdstat_eval") || line.hasPrefix("cmdstat_fcall") {
            let usec = line.split(separator: ",").first { $0.hasPrefix("usec=") }.flatMap { Double($0.dropFirst(5)) }
            spent[name, default: (0, 0)].usec += usec ?? 0
        }
        spent[name, default: (0, 0)].jobs += max(1, jobs(value))
        return value
    }
}
