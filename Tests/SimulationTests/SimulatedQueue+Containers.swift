import JobContract
import Primitives
import Redis

@testable import JobQueue
@testable import Runtime
@testable import Models
@testable import Support

extension SimulatedQueue {
    func publish(_ updates: [LifecycleUpdate], epoch: Int64, cursor: String?) async throws -> [EmitResult] {
        let worker = worker
        let answers = try await call("publish") { $0.emit(updates, epoch: epoch, cursor: cursor, by: worker, at: $1) }
        guard let answers else { throw Fenced() }
        return answers
    }

    func checkpoints() async throws(QueueError) -> [ContainerID: String] {
        let node = worker.node
        return try await call("stories") { redis, _ in redis.checkpoints[node] ?? [:] }
    }

    func startedContainers() async throws(QueueError) -> [ContainerID: String] {
        let node = worker.node
        return try await call("begun") { redis, _ in redis.begun[node] ?? [:] }
    }

    @discardableResult
    func record(_ note: ContainerNote, of containerID: ContainerID) async throws(QueueError) -> String? {
        let worker = worker
        return try await call("tell") { $0.record(note, of: containerID, by: worker, at: $1) }
    }

    func intent(ofJob jobID: JobID, toEnd containerID: ContainerID) async throws(QueueError) -> String? {
        try await call("intent") { redis, _ in
            redis.asked[jobID].flatMap { $0.container == containerID ? $0.text : nil }
        }
    }

    func notes(of containerIDs: [ContainerID]) async throws(QueueError) -> [ContainerID: ContainerNotes] {
        let node = worker.node
        return try await call("notes") { redis, _ in redis.notes(of: containerIDs, on: node) }
    }

    func isPublished(_ containerID: ContainerID) async throws(QueueError) -> Bool {
        let node = worker.node
        return try await call("published") { redis, _ in redis.checkpoints[node]?[containerID] != nil }
    }

    func believable(_ claims: [ContainerClaim]) async throws(QueueError) -> Set<ContainerID> {
        guard !claims.isEmpty else { return [] }
        return try await call("believable") { redis, _ in
            Set(
                claims.filter { redis.mayHaveMade($0.containerID, job: $0.jobID, game: $0.gameID) }.map(\.containerID)
            )
        }
    }

    func reservations() async throws(QueueError) -> [GameID: NodeReservation] {
        let node = worker.node
        return try await call("places") { redis, _ in
            var found = (redis.lanes.reserved[node] ?? [:]).mapValues { NodeReservation(demand: $0) }
            for (game, container) in redis.holders[node] ?? [:] { found[game]?.containerID = container }
            return found
        }
    }

    func correctReservations(free: [GameID], taken: [GameID: RunningGame], epoch: Int64) async throws {
        guard !free.isEmpty || !taken.isEmpty else { return }
        let worker = worker
        let leads = try await call("places") {
            $0.correctReservations(free: free, taken: taken, epoch: epoch, by: worker, at: $1)
        }
        if !leads { throw Fenced() }
    }

    /// Only readers outside of the fleet look at the fields.
    func restoreGames(_ games: [GameField], epoch: Int64) async throws {}

    func facts(of pairs: [GameJob]) async throws(QueueError) -> [GameFacts] {
        guard !pairs.isEmpty else { return [] }
        return try await call("facts") { redis, _ in pairs.map { redis.facts($0.gameID, $0.jobID) } }
    }
}
