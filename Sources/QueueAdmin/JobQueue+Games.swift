import JobContract
import JobQueue
import Primitives
import Redis

/// What Redis knows of a game.
package struct GameDetail: Sendable, Equatable {
    package var id: GameID
    /// The time of Redis, in ms since 1970.
    package var now: Int64
    /// The container; nil if the game has none.
    package var status: GameStatus?
    /// The node that has the game; nil if a next start may go to any node.
    package var owner: NodeID?
    /// The node with the running container, and no other node; nil if no container runs.
    package var place: FleetOverview?
    /// The job that runs, or that runs next; nil if the game has no live job.
    package var head: JobDetail?
    /// The next jobs behind the head, at most 20.
    package var behind: [JobID] = []
    package var behindCount = 0

    package init(id: GameID, now: Int64) {
        self.id = id
        self.now = now
    }

    /// Whether Redis knows anything of the game, besides old results and events.
    package var isKnown: Bool { status != nil || owner != nil || head != nil || behindCount > 0 }
}

/// Games with containers, and whether there may be more.
package struct GameList: Sendable, Equatable {
    package var games: [GameStatus] = []
    package var mayLackGames = false

    package init() {}
}

extension JobQueue {
    /// Returns what Redis knows of a game.
    package func game(_ id: GameID) async throws(QueueError) -> GameDetail {
        var detail = GameDetail(id: id, now: try await redisTime())
        let name = RedisArgument.string(id.text)
        let lane = RedisArgument.string(keys.lane(id))
        // A key of a wrong type hides its own fact only.
        let answers = try await pipeline([
            RedisCommand("HGET", .string(keys.prefix + "games"), name),
            RedisCommand("HGET", .string(keys.prefix + "owners"), name),
            RedisCommand("HGET", .string(keys.prefix + "lanes"), name),
            RedisCommand("LRANGE", lane, 0, 19), RedisCommand("LLEN", lane),
        ])
        detail.status = answers[0].string.flatMap { GameStatus(id, $0) }
        if let status = detail.status, status.isRunning { detail.place = try await overview(of: status.node) }
        detail.owner = answers[1].string.map { NodeID($0) }
        detail.behind = (answers[3].array ?? []).compactMap { $0.string.map { JobID($0) } }
        detail.behindCount = Int(answers[4].integer ?? 0)
        if let head = answers[2].string.flatMap(LaneRecord.init)?.head { detail.head = try await sight(of: head) }
        return detail
    }

    /// Returns games with containers whose id holds a text, about `limit` at most, in no order.
    ///
    /// - Parameter text: a part of the id; empty: all games.
    package func games(with text: String = "", limit: Int) async throws(QueueError) -> GameList {
        var list = GameList()
        var cursor = "0"
        repeat {
            guard list.games.count < limit else {
                list.mayLackGames = true
                return list
            }
            let answer = try await lenient(
                RedisCommand(
                    "HSCAN",
                    .string(keys.prefix + "games"),
                    .string(cursor),
                    "MATCH",
                    .string("*\(Self.glob(text))*"),
                    "COUNT",
                    1_000
                )
            )
            cursor = answer.array?.first?.string ?? "0"
            let pairs = (answer.array?.last?.array ?? []).map { $0.string ?? "" }
            for index in stride(from: 0, to: pairs.count - 1, by: 2) {
                if let game = GameStatus(GameID(pairs[index]), pairs[index + 1]) { list.games.append(game) }
            }
        } while cursor != "0"
        return list
    }
}
