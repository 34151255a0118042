import JobContract
import JobQueue
import Redis

/// A lane with the id of its game.
struct GameLane: Sendable, Equatable {
    var game: GameID
    var record: LaneRecord
}

/// Many jobs at once, for lists.
extension JobQueue {
    /// The number of jobs behind a head that a list shows. A game has at most this number of jobs in the window.
    private static let mostBehind = 100

    /// Returns the facts about jobs in order; nil for a job without a record.
    func records(of ids: [JobID], now: Int64) async throws(QueueError) -> [JobDetail?] {
        let answers = try await pipeline(ids.map { RedisCommand("HGETALL", .string(keys.job($0))) })
        return zip(ids, answers).map { id, answer in
            let fields = JobResult(pairs: (answer.array ?? []).map { $0.string ?? "" }).fields
            return fields.isEmpty ? nil : JobDetail(id: id, fields: JobRecord.named(fields), now: now)
        }
    }

    /// Returns some lanes, and the cursor for the next ones; "0": there are no more.
    func lanes(
        _ pattern: IDPattern?,
        after cursor: String
    ) async throws(QueueError) -> (cursor: String, lanes: [GameLane]) {
        let answer = try await lenient(
            RedisCommand(
                "HSCAN",
                .string(keys.prefix + "lanes"),
                .string(cursor),
                "MATCH",
                .string(pattern?.redisPattern ?? "*"),
                "COUNT",
                1_000
            )
        )
        let pairs = (answer.array?.last?.array ?? []).map { $0.string ?? "" }
        let lanes = stride(from: 0, to: pairs.count - 1, by: 2).compactMap { index in
            LaneRecord(pairs[index + 1]).map { GameLane(game: GameID(pairs[index]), record: $0) }
        }
        return (answer.array?.first?.string ?? "0", lanes)
    }

    /// Returns the waiting jobs of these lanes: heads that could begin, and the jobs behind heads.
    func waitingJobs(in lanes: [GameLane], now: Int64) async throws(QueueError) -> [JobDetail] {
        let last = RedisArgument.integer(Int64(Self.mostBehind - 1))
        let behind = try await pipeline(lanes.map { RedisCommand("LRANGE", .string(keys.lane($0.game)), 0, last) })
        var places: [(id: JobID, lane: GameLane, before: Int)] = []
        for (lane, answer) in zip(lanes, behind) {
            if lane.record.state == .ready { places.append((lane.record.head, lane, 0)) }
            for (index, id) in (answer.array ?? []).compactMap(\.string).enumerated() {
                places.append((JobID(id), lane, index + 1))
            }
        }
        var found: [JobDetail] = []
        for start in stride(from: 0, to: places.count, by: JobListReader.batch) {
            let part = places[start..<min(start + JobListReader.batch, places.count)]
            for (place, detail) in zip(part, try await records(of: part.map(\.id), now: now)) {
                guard var detail, detail.state == .waiting else { continue }
                detail.before = place.before
                detail.head = place.lane.record.head
                detail.list = place.lane.record.list
                found.append(detail)
            }
        }
        return found
    }

    /// Returns rows for dead letters. The record of a failed job has its kind and game.
    package func listed(_ letters: [DeadLetter], _ decoder: JobDecoder) async throws(QueueError) -> [ListedJob] {
        let answers = try await pipeline(
            letters.map { RedisCommand("HMGET", .string(keys.job($0.jobID)), "kind", "game_id", "node", "attempts") }
        )
        return zip(letters, answers).map { letter, answer in
            let values = (answer.array ?? []).map(\.string)
            var fields: [String: String] = [:]
            for (name, value) in zip(["kind", "game_id", "node", "attempts"], values) { fields[name] = value }
            // The record of a reused id belongs to another job.
            if fields["game_id"] == nil || letter.errorCode == ErrorCode.idReused.rawValue {
                fields = [:]
                if case .job(let job) = decoder.decode(letter.message) {
                    fields = ["kind": job.kind.rawValue, "game_id": job.gameID.text]
                }
            }
            return ListedJob(letter, fields: fields)
        }
    }
}
