import JobContract
import Primitives

/// The calls of a worker to the delivery protocol.
///
/// ``JobQueue`` is the protocol on Redis. A simulation replaces it with a model.
package protocol DeliveryQueue: Sendable {
    var keys: Keyspace { get }
    var worker: WorkerIdentity { get }
    var options: JobQueueOptions { get }

    // Jobs.
    func take(
        queue: String,
        seen: [UInt8]?,
        most: Int,
        claiming capacity: Capacity?,
        decode: (_ message: [UInt8]) -> DecodedMessage
    ) async throws(QueueError) -> Taken
    func claim(_ capacity: Capacity) async throws(QueueError) -> ClaimedJobs
    func beat(_ jobs: [(id: JobID, token: LeaseToken)], engineAnswers: Bool) async throws(QueueError) -> HeartbeatResult
    func show(_ progress: JobProgress, of id: JobID, token: LeaseToken) async throws(QueueError)
    func finish(_ jobs: [FinishedJob], claimsNext: Bool) async throws(QueueError) -> FinishOutcome
    func retry(
        id: JobID,
        token: LeaseToken,
        after pause: Duration,
        code: ErrorCode,
        error: String,
        freesPlace: Bool,
        isClean: Bool
    ) async throws(QueueError) -> Bool
    func release(_ jobs: [(id: JobID, token: LeaseToken)], isClean: Bool) async throws(QueueError)
    func tick(engineAnswers: Bool, afterSilence: Bool) async throws(QueueError) -> TickOutcome
    func keepAwake() async throws(QueueError) -> Liveness

    // The worker and its node.
    func arrive() async throws(QueueError)
    func join(games: [OwnedGame]) async throws(QueueError)
    func leave() async throws(QueueError)
    func lead(ttl: Duration) async throws(QueueError) -> LeaseAnswer
    func renew(epoch: Int64, ttl: Duration) async throws(QueueError) -> Bool
    func remainder(ofTerm epoch: Int64) async throws(QueueError) -> Duration?
    func resign(epoch: Int64) async throws(QueueError)

    // Containers and their lifecycles.
    func emit(_ updates: [LifecycleUpdate], epoch: Int64, cursor: String?) async throws -> [EmitResult]
    func checkpoints() async throws(QueueError) -> [ContainerID: String]
    func startedContainers() async throws(QueueError) -> [ContainerID: String]
    @discardableResult
    func record(_ note: ContainerNote, of containerID: ContainerID) async throws(QueueError) -> String?
    func intent(ofJob jobID: JobID, toEnd containerID: ContainerID) async throws(QueueError) -> String?
    func notes(of containerIDs: [ContainerID]) async throws(QueueError) -> [ContainerID: ContainerNotes]
    func isPublished(_ containerID: ContainerID) async throws(QueueError) -> Bool
    func believable(_ claims: [ContainerClaim]) async throws(QueueError) -> Set<ContainerID>
    func reservations() async throws(QueueError) -> Set<GameID>
    func correctReservations(free: [GameID], taken: [GameID], epoch: Int64) async throws
    func gameFacts(of pairs: [(gameID: GameID, jobID: JobID)]) async throws(QueueError) -> [GameFacts]

    // Streams.
    func redisTime() async throws(QueueError) -> Int64
    func streamGroups() async throws(QueueError) -> [StreamGroup]
    func depth(of queue: String) async throws(QueueError) -> (waiting: Int, isPaused: Bool)
    func deadLetterTotals() async throws(QueueError) -> DeadLetterTotals
    func keyProblems() async throws(QueueError) -> [KeyProblem]
}

extension JobQueue: DeliveryQueue {
    package func keyProblems() async throws(QueueError) -> [KeyProblem] { try await keyProblems(ofQueues: nil) }
}
