import JobContract
import Redis

/// What Redis knows of a container's game and job.
package struct GameFacts: Sendable, Equatable {
    /// Node that owns the game; nil: none.
    package var owner: String?
    /// Whether a job of the game runs.
    package var isBusy: Bool
    /// Whether the job has not ended.
    package var isJobLive: Bool
}

/// A container that is gone, and whose it was, as its events claim.
package struct ContainerClaim: Sendable, Equatable {
    package var containerID: String
    package var gameID: String
    package var jobID: String

    package init(containerID: String, gameID: String, jobID: String) {
        self.containerID = containerID
        self.gameID = gameID
        self.jobID = jobID
    }
}

extension JobQueue {
    /// Returns whether an event of this container of the node was published and its `removed` was not (Redis `HEXISTS`).
    package func isPublished(_ containerID: String) async throws(QueueError) -> Bool {
        try await command(RedisCommand("HEXISTS", .string(keys.stories(worker.node)), .string(containerID))).integer
            == 1
    }

    /// Returns the containers that the jobs which they name may have made: the job is a start or restart of that game, and
    /// has not ended at another container (Redis `HMGET` of `{ns}:job:ID`).
    package func believable(_ claims: [ContainerClaim]) async throws(QueueError) -> Set<String> {
        guard !claims.isEmpty else { return [] }
        let names = [JobRecord.live, "kind", "game_id", "container_id"]
        let answers = try await pipeline(
            claims.map { claim in
                RedisCommand("HMGET", arguments: ([keys.job(claim.jobID)] + names).map { RedisArgument.string($0) })
            }
        )
        return Set(
            zip(claims, answers).compactMap { claim, answer in
                let values = answer.array?.map(\.string) ?? []
                let found = zip(names, values).compactMap { name, value in value.map { (name, $0) } }
                let fields = JobRecord.named(Dictionary(uniqueKeysWithValues: found))
                guard let kind = fields["kind"].flatMap(JobKind.init(rawValue:)), kind.startsGame,
                    fields["game_id"] == claim.gameID
                else { return nil }
                let ended = fields["container_id"]
                return ended == nil || ended == claim.containerID ? claim.containerID : nil
            }
        )
    }

    /// What is known of these games and jobs, in their order.
    package func gameFacts(of pairs: [(gameID: String, jobID: String)]) async throws(QueueError) -> [GameFacts] {
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
