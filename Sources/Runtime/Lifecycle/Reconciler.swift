import DockerPort
import JobContract
import JobQueue
import Logging
import RuntimeCore

/// Compares what was published with what the Engine lists, and wants looked at what differs: when the stream
/// begins, every minute, when events were dropped, and on demand.
struct Reconciler: Sendable {
    let queue: any DeliveryQueue
    let ownership: ContainerOwnership
    let epoch: Int64
    let inbox: EventInbox
    let published: PublishedCheckpoints
    let logger: Logger

    static let interval = Duration.seconds(60)
    /// The same while the Engine's events cannot be read.
    static let deafInterval = Duration.seconds(2)
    /// Two demands closer than this are one.
    private static let shortestPause = Duration.milliseconds(200)

    /// Compares until the task is cancelled, the Engine does not answer or another worker leads, which is thrown.
    ///
    /// - Parameters:
    ///   - interval: time between two comparisons that nobody asks for.
    ///   - now: raised to have everything compared at once.
    ///   - afterGap: raised where an event was dropped.
    func run(every interval: Duration, now: WakeSignal, afterGap: WakeSignal) async throws {
        var unheld: Set<GameID> = []
        // The stream has just started: what was before it may have been missed.
        var isThorough = true
        while !Task.isCancelled {
            unheld = try await compare(isThorough: isThorough, unheldBefore: unheld)
            try await MonotonicClock.sleep(for: Self.shortestPause)
            isThorough = await untilNext(interval, now, afterGap)
        }
    }

    /// Waits for the next comparison. Answers whether events may have been missed.
    private func untilNext(_ interval: Duration, _ now: WakeSignal, _ afterGap: WakeSignal) async -> Bool {
        await withTaskGroup(of: Bool.self) { group in
            group.addTask { await now.wait(atMost: interval) }
            group.addTask { await afterGap.wait() }
            var isAsked = false
            for await outcome in group {
                isAsked = isAsked || outcome
                group.cancelAll()
            }
            return isAsked
        }
    }

    /// One comparison. Answers the games whose places nobody seems to hold: they are freed when the next
    /// comparison says the same, since a container may be on its way.
    private func compare(isThorough: Bool, unheldBefore: Set<GameID>) async throws -> Set<GameID> {
        do {
            // In this order: what is told between the two is looked at once too often, never too seldom.
            let checkpoints = try await queue.checkpoints()
            let started = try await queue.startedContainers()
            let places = try await queue.places()
            let containers = try await ownership.rows()
            let read = checkpoints.compactMapValues { Checkpoint(encoded: $0) }
            // Whole: who changes it does not copy thousands.
            published.put(consume checkpoints)
            let difference = Reconciliation(
                containers: containers,
                ours: ownership.verdicts(on: containers),
                checkpoints: read,
                started: Set(started.keys),
                isThorough: isThorough,
                places: places
            )
            inbox.put(wanted: difference.suspects)
            RuntimeMetrics.reconciled(inspects: difference.suspects.count)
            try await queue.correctPlaces(
                free: difference.unheldPlaces.intersection(unheldBefore).sorted(),
                taken: difference.missingPlaces.sorted(),
                epoch: epoch
            )
            logger.debug(
                "reconciled the lifecycles with Docker's containers",
                metadata: ["containers": "\(containers.count)", "looked_at": "\(difference.suspects.count)"]
            )
            return difference.unheldPlaces
        } catch let error as QueueError {
            // Redis is away: the next comparison, or the next term, does it.
            logger.warning("the reconcile failed", metadata: ["error": "\(error)"])
        } catch let error as DockerError {
            // Where the Engine is away the stream has to begin anew. Where it is only slow, events come all the same.
            guard error.code != .unavailable, error.code != .cancelled else { throw error }
            logger.warning("the reconcile failed", metadata: ["error": "\(error.message)"])
        }
        return unheldBefore
    }
}
