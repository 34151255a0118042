import DockerPort
import JobContract
import JobQueue
import Logging
import Primitives
import RuntimeCore

/// Compares Docker's list with the checkpoints, and requests an inspection of each difference: at the begin of a stream,
/// every minute, after dropped events, and on request.
struct Reconciler: Sendable {
    let queue: any DeliveryQueue
    let ownership: ContainerOwnership
    let epoch: Int64
    let requests: InspectQueue
    let observations: PublishQueue
    /// Failures of reconciles during an outage of Docker or Redis.
    let failures: LogThrottle
    let logger: Logger

    static let interval = Duration.seconds(60)
    /// The interval while Docker's events cannot be read.
    static let shortInterval = Duration.seconds(2)
    /// Requests closer than this cause a single reconcile.
    private static let shortestPause = Duration.milliseconds(200)

    /// Reconciles until the task is cancelled.
    ///
    /// - Parameters:
    ///   - interval: The time between two reconciles without a request.
    ///   - now: Raised to request a reconcile.
    /// - Throws: ``DockerError`` if Docker is away, ``Fenced`` if another worker leads.
    func run(every interval: Duration, now: WakeSignal) async throws {
        var surplus: Set<GameID> = []
        // Events before the stream may be missing.
        var isThorough = true
        while !Task.isCancelled {
            surplus = try await compare(isThorough: isThorough, surplusBefore: surplus)
            try await MonotonicClock.sleep(for: Self.shortestPause)
            isThorough = await untilNext(interval, now, requests.dropped)
        }
    }

    /// Waits for the next reconcile. Returns whether events may be missing.
    private func untilNext(_ interval: Duration, _ now: WakeSignal, _ dropped: WakeSignal) async -> Bool {
        await withTaskGroup(of: Bool.self) { group in
            group.addTask { await now.wait(atMost: interval) }
            group.addTask { await dropped.wait() }
            var isAsked = false
            for await outcome in group {
                isAsked = isAsked || outcome
                group.cancelAll()
            }
            return isAsked
        }
    }

    /// Returns the fields in `{ns}:games` of the containers with published steps.
    private func games(_ containers: [ContainerSummary], _ checkpoints: [ContainerID: Checkpoint]) -> [GameField] {
        let endpoints = ownership.endpoints(of: containers)
        return containers.compactMap { row in
            // The endpoint is known only after an inspection.
            guard let checkpoint = checkpoints[row.id], let endpoint = endpoints[row.id] else { return nil }
            return GameField(
                gameID: checkpoint.identity.gameID,
                isRunning: checkpoint.isRunning,
                containerID: row.id,
                image: checkpoint.identity.image,
                engineEndpoint: endpoint,
                jobID: checkpoint.identity.jobID,
                since: checkpoint.exitedAt ?? checkpoint.startedAt
            )
        }
    }

    /// Reconciles once. Returns the games with a reservation, but without a container. A container may be on its way, so
    /// only the second reconcile with the same result frees the reservation.
    private func compare(isThorough: Bool, surplusBefore: Set<GameID>) async throws -> Set<GameID> {
        do {
            // The checkpoints first: a step published meanwhile then causes a needless inspection, never a missing one.
            let checkpoints = try await queue.checkpoints()
            let started = try await queue.startedContainers()
            let reservations = try await queue.reservations()
            let containers = try await ownership.rows()
            let read = checkpoints.compactMapValues { Checkpoint(encoded: $0) }
            observations.replaceCheckpoints(consume checkpoints)
            let difference = Reconciliation(
                containers: containers,
                ours: ownership.verdicts(on: containers),
                checkpoints: read,
                started: Set(started.keys),
                isThorough: isThorough,
                reservations: reservations,
                running: ownership.runningGames(of: containers),
                ports: queue.options.capacity.ports
            )
            requests.add(reconcile: difference.suspects)
            RuntimeMetrics.reconciled(inspects: difference.suspects.count)
            let running = read.values.count { $0.isRunning }
            RuntimeMetrics.leader.games.replace(
                by: RuntimeMetrics.games(running: running, exited: read.count - running, on: queue.worker.node)
            )
            try await queue.correctReservations(
                free: difference.surplusReservations.intersection(surplusBefore).sorted(),
                taken: difference.wrongReservations,
                epoch: epoch
            )
            try await queue.restoreGames(games(containers, read), epoch: epoch)
            logger.debug(
                "reconciled the lifecycles with Docker's containers",
                metadata: ["containers": "\(containers.count)", "inspects": "\(difference.suspects.count)"]
            )
            return difference.surplusReservations
        } catch let error as QueueError {
            // The end of the stream also ends the calls to Redis. The next reconcile repeats the work.
            try Task.checkCancellation()
            noteFailure("\(error)")
        } catch let error as DockerError {
            // If Docker is away, the stream must begin anew. If Docker is only slow, its events still come.
            guard error.code != .unavailable, error.code != .cancelled else { throw error }
            noteFailure(error.message)
        }
        return surplusBefore
    }

    private func noteFailure(_ reason: String) {
        logger.log(level: failures.level(.warning), "the reconcile failed", metadata: ["error": "\(reason)"])
    }
}
