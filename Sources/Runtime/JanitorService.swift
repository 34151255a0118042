import DockerPort
import JobContract
import JobQueue
import Logging
import RuntimeCore

/// Looks every minute for containers that nothing needs, while this worker leads its node: the shell around
/// ``RuntimeCore/Janitor``.
struct JanitorService: Sendable {
    let queue: any DeliveryQueue
    let docker: any DockerClient
    let node: NodeSettings
    let mode: JanitorMode
    let grace: Duration
    let logger: Logger

    private static let interval = Duration.seconds(60)
    /// Time for an unexplained process between SIGTERM and SIGKILL.
    private static let stopTimeout = Duration.seconds(30)

    /// Looks until the task is cancelled.
    func run() async {
        guard mode != .off else { return }
        var janitor = Janitor(mode: mode, grace: grace, node: queue.worker.node)
        while !Task.isCancelled {
            do {
                for verdict in janitor.review(try await subjects(), now: MonotonicClock.now) { await act(on: verdict) }
                let abandoned = janitor.complaints.filter { $0 == .abandoned }.count
                RuntimeMetrics.janitor(abandoned: abandoned, unexplained: janitor.complaints.count - abandoned)
            } catch {
                guard !Task.isCancelled else { return }
                logger.debug("the janitor could not look", metadata: ["error": "\(error)"])
            }
            try? await MonotonicClock.sleep(for: min(Self.interval, max(grace / 2, .seconds(1))))
        }
    }

    private func subjects() async throws -> [JanitorSubject] {
        let rows = try await docker.list(
            ListFilter(
                labels: [GalaxyLabel.owner: GalaxyLabel.ownerValue, GalaxyLabel.namespace: node.namespace],
                inspectsRows: false
            )
        )
        let containers = rows.map {
            (row: $0, game: $0.labels[GalaxyLabel.gameID] ?? "", job: $0.labels[GalaxyLabel.jobID] ?? "")
        }
        let facts = try await queue.gameFacts(of: containers.map { (gameID: $0.game, jobID: $0.job) })
        let byGame = Dictionary(grouping: containers) { $0.game }
        return zip(containers, facts).map { container, facts in
            let name = node.containerName(gameID: container.game)
            let namesake = byGame[container.game]?.first { $0.row.name == name }
            return JanitorSubject(
                containerID: container.row.id,
                name: container.row.name,
                gameID: container.game,
                neverRan: container.row.status == "created",
                hasGamesName: namesake == nil || namesake?.row.id == container.row.id,
                isGameBusy: facts.isBusy,
                isJobLive: facts.isJobLive,
                owner: facts.owner
            )
        }
    }

    private func act(on verdict: JanitorVerdict) async {
        let subject = verdict.subject
        let metadata: Logger.Metadata = [
            "container": "\(subject.containerID.prefix(12))", "name": "\(subject.name)", "game": "\(subject.gameID)",
            "why": "\(verdict.complaint.sentence)",
        ]
        guard verdict.action == .remove else {
            return logger.warning("a container of this namespace is without explanation", metadata: metadata)
        }
        do {
            guard try await remove(subject) else { return }
            logger.notice("a container without explanation was removed", metadata: metadata)
        } catch {
            logger.warning(
                "a container without explanation could not be removed",
                metadata: metadata.merging(["error": "\(error)"]) { $1 }
            )
        }
    }

    /// Answers whether it was removed: not where it has come to life, or is another namespace's, since it was
    /// listed.
    private func remove(_ subject: JanitorSubject) async throws -> Bool {
        let id = subject.containerID
        let container: ContainerInspect
        do throws(DockerError) {
            container = try await docker.inspectContainer(id)
        } catch {
            guard error.code == .containerNotFound else { throw error }
            return false
        }
        guard container.labels[GalaxyLabel.owner] == GalaxyLabel.ownerValue,
            container.labels[GalaxyLabel.namespace] == node.namespace,
            // An image that was made of one of ours carries our labels; only ours have the game in their hostname.
            !subject.gameID.isEmpty, container.hostname.hasSuffix(subject.gameID),
            (container.startedAt == nil) == subject.neverRan
        else { return false }
        if container.isRunning {
            try await queue.tell(.asked(jobID: "janitor"), of: id)
            let outcome = try await docker.stop(id, timeout: Self.stopTimeout)
            try await queue.tell(.forced(outcome.forced), of: id)
        }
        if let exit = ExitFacts(of: try await docker.inspectContainer(id)) {
            try await queue.tell(.exit(exit.encoded), of: id)
        }
        try await docker.remove(id)
        return true
    }
}
