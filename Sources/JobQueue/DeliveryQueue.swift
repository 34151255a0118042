import JobContract
import Primitives

/// All calls of a worker to the delivery protocol.
///
/// ``JobQueue`` is the protocol on Redis. A simulation replaces it with a model. Every call throws ``QueueError`` if Redis
/// does not answer or refuses the call. A call may be repeated after its reply was lost.
package protocol DeliveryQueue: IntakeQueue, LeaseQueue, NodeQueue, LifecycleQueue, QueueFigures {
    var keys: Keyspace { get }
    var worker: WorkerIdentity { get }
    var options: JobQueueOptions { get }
}

/// How jobs come to a worker.
package protocol IntakeQueue: Sendable {
    /// Moves the oldest messages of a queue into the lanes of their games (`admit`), and claims ready jobs in the same
    /// call.
    ///
    /// If another worker was faster, nothing is moved. Repeated after a lost reply, the call finds other messages.
    ///
    /// - Parameters:
    ///   - known: The oldest messages, as far as the worker knows; none: read them first.
    ///   - most: The greatest number of messages.
    ///   - readsAhead: Whether to read the messages behind them, too, if there may be any.
    ///   - capacity: The jobs to claim; nil: none. A capacity of 0 wakes another worker for the ready jobs.
    ///   - decode: Decodes a message and asks the operator's policy.
    func take(
        queue: String,
        known: [WaitingMessage],
        most: Int,
        readsAhead: Bool,
        claiming capacity: Capacity?,
        decode: (_ message: [UInt8]) -> DecodedMessage
    ) async throws(QueueError) -> Taken

    /// Leases ready jobs up to a capacity (`claim`). Afterwards Redis counts the worker as idle for each class with
    /// capacity left, and wakes it for further jobs.
    ///
    /// A job whose claim was lost with the reply comes back when its lease expires.
    func claim(_ capacity: Capacity) async throws(QueueError) -> ClaimedJobs
}

/// What a worker does with its leased jobs. A token that was replaced changes nothing.
package protocol LeaseQueue: Sendable {
    /// Extends the leases of these jobs (`extend`), and reports the worker as living.
    ///
    /// - Returns: A reply for each job, in order: whether the worker still holds the job, and whether a stop cancels it.
    func extend(_ jobs: [HeldJob], docker: DockerState) async throws(QueueError) -> HeartbeatResult

    /// Shows the progress of a job to operators (`progress`).
    func show(_ progress: JobProgress, of job: HeldJob) async throws(QueueError)

    /// Reserves what a start needs according to its image (`reserve`). A job without capacity is given back.
    func reserve(_ demand: Demand, for job: HeldJob) async throws(QueueError) -> ReserveAnswer

    /// Gives the game of a start another port of the node's range (`change_port`).
    func changePort(for job: HeldJob) async throws(QueueError) -> PortAnswer

    /// Ends jobs (`finish`). One step publishes the result, keeps the record of the id, and readies the lane's next job.
    ///
    /// Repeated after a lost reply, the call returns `again` for a job.
    func finish(_ jobs: [FinishedJob], next: NextClaim) async throws(QueueError) -> FinishOutcome

    /// Delays a job and its lane until the next attempt (`retry`).
    ///
    /// - Returns: Whether the worker still held the lease.
    func retry(_ job: HeldJob, after failure: FailedAttempt) async throws(QueueError) -> Bool

    /// Gives jobs back (`release`). The attempts do not count.
    func release(_ jobs: [HeldJob], remains: Remains) async throws(QueueError)
}

/// How a worker and its node belong to the fleet.
package protocol NodeQueue: Sendable {
    /// Registers the worker (`register`). Until the node's games are announced, stops of games without a known owner
    /// wait.
    func register() async throws(QueueError)

    /// Announces the games with a container on the node (`register`). The worker takes no job before.
    ///
    /// - Parameter stopped: Disowned games without a running container now.
    /// - Returns: Games that the node has to stop first; none: the announcement is complete.
    func announce(_ games: [OwnedGame], stopped: [GameID]) async throws(QueueError) -> [GameID]

    /// Deregisters the worker (`deregister`). Nobody wakes the worker any more.
    func deregister() async throws(QueueError)

    /// Makes due what waits for a time, for all workers (`sweep`): retries, expired leases, deadlines, old data.
    func sweep(docker: DockerState, after outage: OutageNotice) async throws(QueueError) -> SweepOutcome

    /// Renews the liveness key, and asks for messages in inboxes (Redis `GETEX`, `EXISTS`).
    func renewLiveness() async throws(QueueError) -> Liveness

    /// Asks for the leader's lease of the node (`lead`).
    func lead(ttl: Duration) async throws(QueueError) -> LeaseAnswer

    /// Extends a term (Redis `PEXPIRE`). Returns false if the term has ended.
    func renew(epoch: Int64, ttl: Duration) async throws(QueueError) -> Bool

    /// Returns the rest of a term (Redis `PTTL`); nil if the term has ended.
    func remainder(ofTerm epoch: Int64) async throws(QueueError) -> Duration?

    /// Ends a term, so that another worker of the node leads at once (`resign`).
    func resign(epoch: Int64) async throws(QueueError)
}

/// What jobs report about containers, and what the leader of the node publishes.
package protocol LifecycleQueue: Sendable {
    /// Publishes steps of containers in the term of `epoch`, each step once (`publish`).
    ///
    /// - Parameter cursor: The time on Docker's clock up to which all events are published after this call.
    /// - Returns: A result for each update.
    /// - Throws: ``Fenced`` if another worker leads, else ``QueueError``.
    func publish(_ updates: [LifecycleUpdate], epoch: Int64, cursor: String?) async throws -> [EmitResult]

    /// Returns the last published checkpoint of each container of the node.
    func checkpoints() async throws(QueueError) -> [ContainerID: String]

    /// Returns the containers that jobs have started and whose start is not published yet, with their checkpoints.
    func startedContainers() async throws(QueueError) -> [ContainerID: String]

    /// Records a note about a container, for the leader (`report`).
    ///
    /// - Returns: For a stop, the earlier note of the same job about this container, which stays. Otherwise nil.
    @discardableResult
    func record(_ note: ContainerNote, of containerID: ContainerID) async throws(QueueError) -> String?

    /// Returns the note of a live job that asked to stop this container; nil if there is none.
    func intent(ofJob jobID: JobID, toEnd containerID: ContainerID) async throws(QueueError) -> String?

    /// Returns the recorded notes about these containers.
    func notes(of containerIDs: [ContainerID]) async throws(QueueError) -> [ContainerID: ContainerNotes]

    /// Returns whether a step of this container was published, and not yet its removal.
    func isPublished(_ containerID: ContainerID) async throws(QueueError) -> Bool

    /// Returns the containers that may belong to the jobs that their labels claim.
    func believable(_ claims: [ContainerClaim]) async throws(QueueError) -> Set<ContainerID>

    /// Returns the reservations of games on the node.
    func reservations() async throws(QueueError) -> [GameID: NodeReservation]

    /// Corrects the reservations of the node (`correct_reservations`). A game with a running job keeps its reservation.
    ///
    /// - Throws: ``Fenced`` if another worker leads, else ``QueueError``.
    func correctReservations(free: [GameID], taken: [GameID: RunningGame], epoch: Int64) async throws

    /// Restores missing fields of `{ns}:games` (`restore_games`).
    ///
    /// - Throws: ``Fenced`` if another worker leads, else ``QueueError``.
    func restoreGames(_ games: [GameField], epoch: Int64) async throws

    /// Returns the facts about these games and jobs, in order.
    func facts(of pairs: [GameJob]) async throws(QueueError) -> [GameFacts]
}

/// What a worker measures of its queues and streams.
package protocol QueueFigures: Sendable {
    /// Returns the time of Redis in ms since 1970 (`TIME`).
    func redisTime() async throws(QueueError) -> Int64

    /// Returns the consumer groups of the public streams, with their backlogs.
    func streamGroups() async throws(QueueError) -> [StreamGroup]

    func depth(of queue: String) async throws(QueueError) -> QueueDepth

    /// Returns the jobs and messages that wait, by reason.
    func waits() async throws(QueueError) -> WaitCounts

    func deadLetterTotals() async throws(QueueError) -> DeadLetterTotals

    /// Returns what comes first at each place of a queue that this node sees.
    func oldestWork(
        of queue: String,
        pushedAt: (_ message: [UInt8]) -> Timestamp?
    ) async throws(QueueError) -> [OldestWork]

    /// Returns the figures of the fleet; nil if another node reads them.
    ///
    /// - Parameter now: The time of Redis in ms since 1970.
    func fleetCounts(at now: Int64, searchesQueues: Bool) async throws(QueueError) -> FleetCounts?

    /// Returns the keys of a wrong type among those of the worker (`TYPE`).
    func keyProblems() async throws(QueueError) -> [KeyProblem]
}

extension JobQueue: DeliveryQueue {
    package func keyProblems() async throws(QueueError) -> [KeyProblem] { try await keyProblems(ofQueues: nil) }
}
