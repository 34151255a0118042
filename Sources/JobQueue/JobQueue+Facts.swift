import JobContract
import Redis

/// What Redis knows of a container's game and job.
public struct GameFacts: Sendable, Equatable {
    /// Node that owns the game; nil: none.
    public var owner: String?
    /// Whether a job of the game runs.
    public var isBusy: Bool
    /// Whether the job has not ended.
    public var isJobLive: Bool
}

extension JobQueue {
    /// What is known of these games and jobs, in their order.
    public func gameFacts(of pairs: [(gameID: String, jobID: String)]) async throws(QueueError) -> [GameFacts] {
        guard !pairs.isEmpty else { return [] }
        let games = pairs.map { RedisArgument.string($0.gameID) }
        let answers = try await pipeline(
            [
                RedisCommand("HMGET", arguments: [.string(keys.prefix + "owner")] + games),
                RedisCommand("HMGET", arguments: [.string(keys.prefix + "lanes")] + games),
            ] + pairs.map { RedisCommand("HEXISTS", .string(keys.job($0.jobID)), .string(JobRecord.live)) }
        )
        guard let owners = answers[0].array, let lanes = answers[1].array, owners.count == pairs.count,
            lanes.count == pairs.count, answers.count == pairs.count + 2
        else { throw QueueError(call: "HMGET", message: "Redis answered something else than values") }
        return pairs.indices.map { index in
            GameFacts(
                owner: owners[index].string,
                isBusy: lanes[index].string?.hasPrefix("a ") == true,
                isJobLive: answers[index + 2].integer == 1
            )
        }
    }
}
