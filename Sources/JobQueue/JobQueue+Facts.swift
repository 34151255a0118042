import JobContract
import Primitives
import Redis

/// The facts in Redis about a container's game and job.
package struct GameFacts: Sendable, Equatable {
    /// The node that owns the game; nil if the game has no owner.
    package var owner: NodeID?
    /// The number of the claim that made the owner's container; 0 if unknown.
    package var fence: Int64
    /// Whether a job of the game is running.
    package var isBusy: Bool
    /// Whether the job has not ended.
    package var isJobLive: Bool
}

/// The game and job of a removed container, as claimed by its events.
package struct ContainerClaim: Sendable, Equatable {
    package var containerID: ContainerID
    package var gameID: GameID
    package var jobID: JobID

    package init(containerID: ContainerID, gameID: GameID, jobID: JobID) {
        self.containerID = containerID
        self.gameID = gameID
        self.jobID = jobID
    }
}

extension JobQueue {
    /// Returns whether an event of this container was published by its node, but not yet `removed` (Redis `HEXISTS`).
    package func isPublished(_ containerID: ContainerID) async throws(QueueError) -> Bool {
        let key = RedisArgument.string(keys.checkpoints(worker.node))
        return try await command(RedisCommand("HEXISTS", key, .string(containerID.text))).integer == 1
    }

    /// Returns the containers that may belong to their claimed jobs (Redis `HMGET` of `{ns}:job:ID`).
    ///
    /// Such a job is a start or restart of the claimed game, and has not ended with another container.
    package func believable(_ claims: [ContainerClaim]) async throws(QueueError) -> Set<ContainerID> {
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
                    fields["game_id"] == claim.gameID.text
                else { return nil }
                let ended = fields["container_id"].map { ContainerID($0) }
                return ended == nil || ended == claim.containerID ? claim.containerID : nil
            }
        )
    }

    /// Returns the facts about these games and jobs, in their order.
    package func facts(of pairs: [GameJob]) async throws(QueueError) -> [GameFacts] {
        guard !pairs.isEmpty else { return [] }
        let games = pairs.map { RedisArgument.string($0.gameID.text) }
        let answers = try await pipeline(
            [
                RedisCommand("HMGET", arguments: [.string(keys.prefix + "owners")] + games),
                RedisCommand("HMGET", arguments: [.string(keys.prefix + "lanes")] + games),
                RedisCommand("HMGET", arguments: [.string(keys.prefix + "fences")] + games),
            ] + pairs.map { RedisCommand("HEXISTS", .string(keys.job($0.jobID)), .string(JobRecord.live)) }
        )
        guard let owners = answers[0].array, let lanes = answers[1].array, let fences = answers[2].array,
            owners.count == pairs.count, lanes.count == pairs.count, fences.count == pairs.count,
            answers.count == pairs.count + 3
        else { throw QueueError(call: "HMGET", message: "Redis answered something else than values") }
        return pairs.indices.map { index in
            GameFacts(
                owner: owners[index].string.map { NodeID($0) },
                fence: fences[index].string.flatMap { Int64($0) } ?? 0,
                isBusy: lanes[index].string.flatMap(LaneRecord.init)?.state == .active,
                isJobLive: answers[index + 3].integer == 1
            )
        }
    }
}
