import DockerPort
import JobContract
import JobQueue
import Logging
import Primitives
import RuntimeCore

/// Searches for containers without a purpose while this worker leads its node. Runs ``RuntimeCore/Janitor`` with Docker
/// and Redis.
struct JanitorService: Sendable {
    let queue: any DeliveryQueue
    let docker: any DockerClient
    let ownership: ContainerOwnership
    let mode: JanitorMode
    let grace: Duration
    /// The greatest number of ended containers to keep for their logs.
    let kept: Int
    let logger: Logger
    /// Makes the worker announce the games of its node again.
    let announce: @Sendable () -> Void

    private static let interval = Duration.seconds(60)
    /// The time between SIGTERM and SIGKILL for an unexplained process.
    private static let stopTimeout = Duration.seconds(30)

    /// Searches until the task is cancelled: every minute, or more often with a grace time under two minutes.
    func run() async {
        guard mode != .off else { return }
        var janitor = Janitor(mode: mode, grace: grace, node: queue.worker.node)
        while !Task.isCancelled {
            do {
                let found = try await found()
                let subjects = try await subjects(found)
                for verdict in janitor.review(subjects, now: MonotonicClock.now) { await act(on: verdict) }
                if subjects.contains(where: \.isContested) { announce() }
                let abandoned = janitor.complaints.filter { $0 == .abandoned }.count
                RuntimeMetrics.leader.janitor.replace(
                    by: RuntimeMetrics.janitor(
                        abandoned: abandoned,
                        unexplained: janitor.complaints.count - abandoned
                    )
                )
                try await boundKept(found)
            } catch {
                guard !Task.isCancelled else { return }
                logger.debug("the janitor could not list the containers", metadata: ["error": "\(error)"])
            }
            try? await MonotonicClock.sleep(for: min(Self.interval, max(grace / 2, .seconds(1))))
        }
    }

    /// A container of this namespace, with Redis' knowledge of its game and its job.
    struct FoundRow {
        var row: ContainerSummary
        var gameID: GameID
        var facts: GameFacts
    }

    private func found() async throws -> [FoundRow] {
        let rows = try await ownership.ownedRows()
        let pairs = rows.map { row in
            GameJob(
                gameID: GameID(row.labels[GalaxyLabel.gameID] ?? ""),
                jobID: JobID(row.labels[GalaxyLabel.jobID] ?? "")
            )
        }
        return zip(rows, zip(pairs, try await queue.facts(of: pairs))).map { row, known in
            FoundRow(row: row, gameID: known.0.gameID, facts: known.1)
        }
    }

    private func subjects(_ found: [FoundRow]) async throws -> [JanitorSubject] {
        let current = try await currentContainers(found.map(\.row))
        return found.map { entry in
            JanitorSubject(
                containerID: entry.row.id,
                name: entry.row.name,
                gameID: entry.gameID,
                neverRan: entry.row.status == "created",
                isCurrent: current[entry.gameID].map { $0 == entry.row.id } ?? true,
                isGameBusy: entry.facts.isBusy,
                isJobLive: entry.facts.isJobLive,
                owner: entry.facts.owner,
                isContested: isContested(entry)
            )
        }
    }

    /// Returns whether another node owns the game, with an older container; or with a newer container, while this
    /// container runs.
    private func isContested(_ entry: FoundRow) -> Bool {
        let fence = OwnedContainer.fence(in: entry.row.labels)
        guard let owner = entry.facts.owner, owner != queue.worker.node, fence > 0 else { return false }
        return fence > entry.facts.fence || entry.row.isRunning && fence < entry.facts.fence
    }

    /// Returns the current container of each game with several containers.
    private func currentContainers(_ rows: [ContainerSummary]) async throws -> [GameID: ContainerID] {
        var current: [GameID: ContainerID] = [:]
        for (game, rows) in Dictionary(grouping: rows, by: { GameID($0.labels[GalaxyLabel.gameID] ?? "") })
        where rows.count > 1 {
            current[game] = OwnedContainer.current(of: try await ownership.containers(of: game))?.inspect.id
        }
        return current
    }

    private func act(on verdict: JanitorVerdict) async {
        let subject = verdict.subject
        let metadata: Logger.Metadata = [
            "container": "\(subject.containerID.short)", "name": "\(subject.name)", "game": "\(subject.gameID)",
            "why": "\(verdict.complaint.sentence)",
        ]
        guard verdict.action == .remove else {
            return logger.warning("no job explains a container of this namespace", metadata: metadata)
        }
        do {
            guard try await remove(subject) else { return }
            logger.notice("the janitor removed a container that no job explains", metadata: metadata)
        } catch {
            logger.warning(
                "the janitor could not remove a container",
                metadata: metadata.merging(["error": "\(error)"]) { $1 }
            )
        }
    }

    /// Removes a container, after stopping it if necessary.
    ///
    /// - Returns: false if the container is gone, has started since the listing, or is not of this namespace.
    private func remove(_ subject: JanitorSubject) async throws -> Bool {
        let id = subject.containerID
        guard var container = try await ownership.owned(id: id),
            (container.inspect.startedAt == nil) == subject.neverRan
        else { return false }
        if container.inspect.isRunning {
            try await ownership.stop(id, for: "janitor", timeout: Self.stopTimeout)
            guard let stopped = try await ownership.owned(id: id) else { return false }
            container = stopped
        }
        try await discard(container)
        return true
    }
}
