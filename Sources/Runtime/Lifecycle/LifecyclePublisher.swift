import DockerPort
import JobContract
import JobQueue
import Logging
import Primitives
import RuntimeCore

/// Publishes the missing steps of observed containers, in batches. The shell around ``PublishBatcher`` and
/// ``LifecycleDiff``.
struct LifecyclePublisher: Sendable {
    let queue: any DeliveryQueue
    let epoch: Int64
    let observations: PublishQueue
    /// The port of a game engine whose image has no port label.
    let enginePort: Int
    /// Called after a failed call to Redis.
    let failed: @Sendable (QueueError) -> Void
    let logger: Logger
    private let failures = LogThrottle()

    /// The largest number of containers in one call.
    private static let batchSize = 32

    /// Publishes until the task is cancelled.
    ///
    /// - Throws: ``Fenced`` if another worker leads.
    func run() async throws {
        observations.replaceCheckpoints(try await persistently { () throws in try await queue.checkpoints() })
        while !Task.isCancelled { try await publish(await observations.next(Self.batchSize)) }
    }

    private func publish(_ batch: [PendingObservation]) async throws {
        guard !batch.isEmpty else { return }
        // The comparison stays outside of the lock: decoding a checkpoint is most of the work.
        let checkpoints = batch.map { Checkpoint(encoded: $0.checkpoint) }
        let records = try await records(for: batch, checkpoints)
        let diffs = zip(batch, checkpoints).map { pending, checkpoint in
            LifecycleDiff(
                after: checkpoint,
                seeing: pending.observation,
                knowing: records[pending.observation.containerID] ?? ContainerRecord()
            )
        }
        let now = MonotonicClock.now
        let accepted = observations.update { batcher in
            zip(batch, diffs).compactMap { pending, diff in
                batcher.accepts(pending, diff, at: now) ? diff.map { (pending, $0) } : nil
            }
        }
        if !accepted.isEmpty { try await emit(accepted) }
        observations.update { $0.finished(batch) }
    }

    private func emit(_ accepted: [(pending: PendingObservation, diff: LifecycleDiff)]) async throws {
        let updates = accepted.map { pending, diff in
            LifecycleUpdate(
                containerID: pending.observation.containerID,
                gameID: diff.entries.first?.gameID ?? "",
                expectedCheckpoint: pending.checkpoint,
                newCheckpoint: diff.checkpoint?.encoded ?? "",
                entries: diff.entries,
                engineEndpoint: pending.observation.container?.engineEndpoint(port: enginePort),
                demand: pending.observation.container.map { Demand(of: $0.inspect) },
                port: pending.observation.container.flatMap { $0.hostPort(otherwise: enginePort) }
            )
        }
        let cursor = observations.update { $0.cursor(with: accepted.map(\.pending)) }
        Failpoint.reached(.beforeEmit)
        let results = try await persistently { () throws in
            try await queue.publish(updates, epoch: epoch, cursor: cursor?.rfc3339)
        }
        Failpoint.reached(.afterEmit)
        let now = MonotonicClock.now
        observations.update { batcher in
            for (result, (pending, diff)) in zip(results, accepted) {
                let id = pending.observation.containerID
                switch result {
                case .published: batcher.published(id, diff, at: now)
                case .conflict(let actual): batcher.conflicted(pending, actual: actual)
                case .ended: batcher.ended(id)
                }
            }
        }
        for (result, update) in zip(results, updates) where result == .published { log(update) }
    }

    /// Returns the records of jobs about the containers whose missing steps depend on the records.
    private func records(
        for batch: [PendingObservation],
        _ checkpoints: [Checkpoint?]
    ) async throws -> [ContainerID: ContainerRecord] {
        let ids = zip(batch, checkpoints).filter { LifecycleSteps.needsRecord(after: $1, seeing: $0.observation) }
            .map { $0.0.observation.containerID }
        guard !ids.isEmpty else { return [:] }
        let notes = try await persistently { () throws in try await queue.notes(of: ids) }
        var records = notes.mapValues(ContainerRecord.init)
        let claims = zip(batch, checkpoints).compactMap { pending, checkpoint -> ContainerClaim? in
            let observation = pending.observation
            guard checkpoint == nil, observation.container == nil, records[observation.containerID]?.started == nil
            else { return nil }
            return observation.claim.map {
                ContainerClaim(containerID: observation.containerID, gameID: $0.gameID, jobID: $0.jobID)
            }
        }
        guard !claims.isEmpty else { return records }
        for id in try await persistently({ () throws in try await queue.believable(claims) }) {
            records[id]?.isClaimBelieved = true
        }
        return records
    }

    /// Repeats a call until Redis answers. During an outage of Redis, all observations wait.
    private func persistently<Value: Sendable>(_ body: () async throws -> Value) async throws -> Value {
        var backoff = LoopBackoff()
        while true {
            do {
                return try await body()
            } catch let error as QueueError {
                try Task.checkCancellation()
                failed(error)
                logger.log(
                    level: failures.level(.warning),
                    "events cannot be published; trying again",
                    metadata: ["error": "\(error)"]
                )
                await backoff.pause()
            }
        }
    }

    private func log(_ update: LifecycleUpdate) {
        let now = MonotonicClock.wallNow.nanosecondsSinceEpoch
        for entry in update.entries {
            // Only an event has a time of its own.
            let delay = entry.action.map { _ in Duration.nanoseconds(now - entry.occurredAt.nanosecondsSinceEpoch) }
            // Negative if the Docker Engine's clock is ahead of this machine's.
            RuntimeMetrics.published(entry, after: delay.map { max($0, .zero) })
            var metadata: Logger.Metadata = [
                "event": "\(entry.kind.rawValue)", "game": "\(entry.gameID)",
                "container": "\(update.containerID.short)",
            ]
            if let reason = entry.reason { metadata["reason"] = "\(reason.rawValue)" }
            logger.info("event published", metadata: metadata)
        }
    }
}

extension ContainerRecord {
    /// Decodes the notes kept in Redis.
    init(_ notes: ContainerNotes) {
        self.init(
            started: notes.started.flatMap { Checkpoint(encoded: $0) },
            isEndAsked: notes.asked != nil,
            stopIntent: notes.asked.flatMap { StopIntent(encoded: $0) },
            isForced: notes.isForced,
            lastExit: notes.exit.flatMap { ExitFacts(encoded: $0) }
        )
    }
}
