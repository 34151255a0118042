import JobQueue
import JobContract
import Redis

/// What Redis knows of one job.
package struct JobDetail: Sendable, Equatable {
    package var id: String
    /// What its hash says, internal facts (`_`) included, each under its own name.
    package var fields: [String: String]
    /// Live jobs of its game before it; nil where it is in no lane any more.
    package var before: Int?
    /// The job at the head of its game's lane.
    package var head: String?
    /// The ready list on which its game's lane waits: `ready:CLASS:QUEUE[:NODE]`; nil: on none.
    package var list: String?
    /// When it is tried again, in ms since 1970.
    package var due: Int64?
    /// End of its lease, in ms since 1970.
    package var leaseUntil: Int64?
    /// Redis' time, in ms since 1970.
    package var now: Int64
    /// The producer's bytes while the job lives; nil if it has ended, or if this user may not read them.
    package var message: [UInt8]?

    package init(id: String, fields: [String: String], now: Int64) {
        self.id = id
        self.fields = fields
        self.now = now
    }

    package var state: JobState? { fields["state"].flatMap(JobState.init(rawValue:)) }
    package var gameID: String { fields["game_id"] ?? "" }
    /// What it is at, while it runs.
    package var progress: JobProgress? {
        state == .running ? fields[JobProgress.field].flatMap(JobProgress.init(encoded:)) : nil
    }
}

/// What `{ns}:lanes` says of a game: `r HEAD LIST`, `a HEAD TOKEN` or `d HEAD`.
struct LaneState: Equatable {
    /// The job at the head.
    var head: String
    /// The ready list that the lane is on; nil: its head runs, or is tried again later.
    var list: String?

    init?(_ text: String) {
        let parts = text.split(separator: " ", maxSplits: 2).map(String.init)
        guard parts.count >= 2 else { return nil }
        head = parts[1]
        list = parts.count == 3 && parts[0] == "r" ? parts[2] : nil
    }
}

extension JobQueue {
    /// What Redis knows of a job; nil where no worker has taken it in, or it is forgotten.
    package func sight(of id: String) async throws(QueueError) -> JobDetail? {
        let name = RedisArgument.string(id)
        let answers = try await pipeline([
            RedisCommand("HGETALL", .string(keys.job(id))),
            RedisCommand("ZSCORE", .string(keys.prefix + "delay"), name),
            RedisCommand("ZSCORE", .string(keys.prefix + "lease"), name),
            RedisCommand("GET", .string(keys.message(id))),
        ])
        let fields = JobResult(pairs: (answers[0].array ?? []).map { $0.string ?? "" }).fields
        guard !fields.isEmpty else { return nil }
        var sight = JobDetail(id: id, fields: JobRecord.named(fields), now: try await redisTime())
        sight.message = answers[3].bytes
        sight.due = answers[1].string.flatMap { Double($0) }.map { Int64($0) }
        sight.leaseUntil = answers[2].string.flatMap { Double($0) }.map { Int64($0) }
        // One that has ended is in no lane, even where a later job of its game is.
        guard fields[JobRecord.live] != nil, !sight.gameID.isEmpty else { return sight }
        let lane = RedisArgument.string(keys.lane(sight.gameID))
        let places = try await pipeline([
            RedisCommand("LPOS", lane, name, "MAXLEN", 10_000),
            RedisCommand("HGET", .string(keys.prefix + "lanes"), .string(sight.gameID)),
        ])
        let state = LaneState(places[1].string ?? "")
        sight.head = state?.head
        sight.list = state?.list
        // The head stands in the lane's state, those behind it in the list.
        sight.before = sight.head == id ? 0 : places[0].integer.map { Int($0) + 1 }
        return sight
    }

    /// Names of the queues that workers serve, or have served.
    package func servedQueues() async throws(QueueError) -> [String] {
        (try await command(RedisCommand("SMEMBERS", .string(keys.queues))).array ?? []).compactMap(\.string).sorted()
    }
}
