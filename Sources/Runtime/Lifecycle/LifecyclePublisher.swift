import DockerPort
import JobContract
import JobQueue
import Logging
import Primitives
import RuntimeCore

/// Publishes what was seen of containers: the shell around ``RuntimeCore/LifecycleDiff``.
struct LifecyclePublisher: Sendable {
    let queue: any DeliveryQueue
    let epoch: Int64
    let observations: BoundedChannel<Observation>
    let published: PublishedCheckpoints
    let progress: Progress
    let logger: Logger

    /// Containers told of in one call.
    private static let batch = 32
    /// How long a stop is waited for to say whether it needed SIGKILL, after the container has ended.
    private static let verdictPatience = Duration.seconds(2)

    /// Tells until the task is cancelled or another worker leads, which is thrown.
    func run() async throws {
        var book = PublishBatcher(checkpoints: try await persistently { () throws in try await queue.checkpoints() })
        while !Task.isCancelled {
            let wait: Duration? = book.hasWaiting ? .milliseconds(25) : nil
            let fresh = await observations.take(most: Self.batch, within: wait)
            published.correct(&book)
            book.add(fresh, at: MonotonicClock.now)
            repeat { try await tell(&book) } while book.hasDue
            // What waits for a verdict is found by the next leader's look at everything.
            if let latest = fresh.flatMap(\.hints).map(\.occurredAt).max() { progress.moved(to: latest) }
        }
    }

    /// Tells the next observation of each container that has one due, in one call.
    private func tell(_ book: inout PublishBatcher) async throws {
        let due = book.takeDue(most: Self.batch)
        guard !due.isEmpty else { return }
        // To read a checkpoint is most of the work where a container has nothing new to tell.
        let checkpoints = due.map { book.checkpoint(of: $0.value.containerID) }
        let records = try await records(for: due, checkpoints)
        var told: [(observation: PendingObservation, diff: LifecycleDiff)] = []
        for (observation, checkpoint) in zip(due, checkpoints) {
            guard
                let diff = LifecycleDiff(
                    after: checkpoint,
                    seeing: observation.value,
                    knowing: records[observation.value.containerID] ?? ContainerRecord()
                )
            else { continue }
            if diff.mayWait, book.mustHold(observation.value.containerID, at: MonotonicClock.now) {
                book.hold(observation)
            } else if diff.awaitsVerdict, observation.since.duration(to: MonotonicClock.now) < Self.verdictPatience {
                book.park(observation)
            } else {
                told.append((observation, diff))
            }
        }
        guard !told.isEmpty else { return }
        try await publish(told, &book)
    }

    private func publish(
        _ told: [(observation: PendingObservation, diff: LifecycleDiff)],
        _ book: inout PublishBatcher
    ) async throws {
        let updates = told.map { observation, diff in
            LifecycleUpdate(
                containerID: observation.value.containerID,
                gameID: diff.entries.first?.gameID ?? "",
                expectedCheckpoint: book.encodedCheckpoint(of: observation.value.containerID),
                newCheckpoint: diff.checkpoint?.encoded ?? "",
                entries: diff.entries
            )
        }
        let cursor = told.flatMap(\.observation.value.hints).map(\.occurredAt).max()
        Failpoint.reached(.beforeEmit)
        let answers = try await persistently { () throws in
            try await queue.emit(updates, epoch: epoch, cursor: cursor.map { max($0, progress.value).rfc3339 })
        }
        Failpoint.reached(.afterEmit)
        for (index, answer) in answers.enumerated() {
            let id = updates[index].containerID
            switch answer {
            case .published:
                book.setCheckpoint(updates[index].newCheckpoint, of: id)
                if updates[index].entries.contains(where: \.kind.isFrequent) {
                    book.publishedFrequent(id, at: MonotonicClock.now)
                }
                log(updates[index])
            case .conflict(let actual):
                // What this book believed is old: once more with what is true.
                book.setCheckpoint(actual, of: id)
                book.retry(told[index].observation)
            case .ended:
                book.forget(id)
            }
        }
    }

    /// What jobs have told of the containers of which a run is to be told to its end; of the others nothing matters.
    private func records(
        for observations: [PendingObservation],
        _ checkpoints: [Checkpoint?]
    ) async throws -> [String: ContainerRecord] {
        let ids = zip(observations, checkpoints).filter { LifecycleSteps.needsRecord(after: $1, seeing: $0.value) }
            .map { $0.0.value.containerID }
        guard !ids.isEmpty else { return [:] }
        let notes = try await persistently { () throws in try await queue.notes(of: ids) }
        var records = notes.mapValues(ContainerRecord.init)
        let claims = zip(observations, checkpoints).compactMap { observation, checkpoint -> ContainerClaim? in
            guard checkpoint == nil, observation.value.container == nil,
                records[observation.value.containerID]?.started == nil
            else {
                return nil
            }
            return observation.value.claim.map {
                ContainerClaim(containerID: observation.value.containerID, gameID: $0.gameID, jobID: $0.jobID)
            }
        }
        guard !claims.isEmpty else { return records }
        for id in try await persistently({ () throws in try await queue.believable(claims) }) {
            records[id]?.isClaimBelieved = true
        }
        return records
    }

    /// Asks Redis until it answers: nothing is dropped for its being away, as long as the term lasts.
    private func persistently<Value: Sendable>(_ body: () async throws -> Value) async throws -> Value {
        var backoff = LoopBackoff()
        while true {
            do {
                return try await body()
            } catch let error as QueueError {
                try Task.checkCancellation()
                logger.warning("events cannot be published; trying again", metadata: ["error": "\(error)"])
                await backoff.pause()
            }
        }
    }

    private func log(_ update: LifecycleUpdate) {
        let now = MonotonicClock.wallNow.nanosecondsSinceEpoch
        for entry in update.entries {
            // Only an event's own time says when it happened.
            let delay = entry.action.map { _ in Duration.nanoseconds(now - entry.occurredAt.nanosecondsSinceEpoch) }
            // Negative if the Docker Engine's clock is ahead of this machine's.
            RuntimeMetrics.published(entry, after: delay.map { max($0, .zero) })
            var metadata: Logger.Metadata = [
                "event": "\(entry.kind.rawValue)", "game": "\(entry.gameID)",
                "container": "\(update.containerID.prefix(12))",
            ]
            if let reason = entry.reason { metadata["reason"] = "\(reason.rawValue)" }
            logger.info("event published", metadata: metadata)
        }
    }
}

extension ContainerRecord {
    /// What Redis keeps, read.
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
