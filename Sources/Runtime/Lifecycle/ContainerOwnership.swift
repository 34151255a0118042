import DockerPort
import JobContract
import JobQueue
import Primitives
import RuntimeCore
import Synchronization

/// Finds the containers of this namespace, for all parts of a worker. Applies ``RuntimeCore/OwnedContainer`` to Docker
/// and Redis.
///
/// An image's labels and a container's verdict never change. So a bounded number of both is cached.
final class ContainerOwnership: Sendable {
    let docker: any DockerClient
    let queue: any DeliveryQueue
    let namespace: String
    /// The port of a game engine whose image has no port label.
    let enginePort: Int
    private let witness: ExitWitness

    private struct Known {
        /// The labels, by the image's id.
        var images: [String: LabelMap] = [:]
        /// Whether a container is of this namespace, by the container's id.
        var verdicts: [ContainerID: Bool] = [:]
        /// The containers of this namespace, as last inspected.
        var facts: [ContainerID: InspectedFacts] = [:]
    }

    /// What a list of containers does not show.
    private struct InspectedFacts {
        /// Nil if the container did not run at its last inspection.
        var running: RunningGame?
        var engineEndpoint: String
    }

    private let known = Mutex(Known())

    /// The greatest number of images with cached labels. An image rarely has more than 16 KiB of labels.
    private static let mostImages = 256
    /// The greatest number of containers with a cached verdict.
    private static let mostVerdicts = 65_536
    /// The number of containers to inspect concurrently.
    private static let mostInspects = 8

    init(
        docker: any DockerClient,
        queue: any DeliveryQueue,
        namespace: String,
        enginePort: Int = 8080,
        watch: DockerHealth? = nil
    ) {
        witness = ExitWitness(docker: docker, watch: watch)
        self.docker = docker
        self.queue = queue
        self.namespace = namespace
        self.enginePort = enginePort
    }

    /// Returns the container as owned by this namespace; nil if the container belongs to somebody else.
    func owned(_ container: ContainerInspect) async throws(DockerError) -> OwnedContainer? {
        var owned: OwnedContainer?
        if OwnedContainer.mayBeOurs(container, namespace: namespace) {
            let labels = try await imageLabels(of: container)
            owned = OwnedContainer(container, image: labels, namespace: namespace)
            // Cache no verdict yet: the leader may still publish an event of the container.
            if labels == .gone(wasPublished: false) { return nil }
        }
        let isOurs = owned != nil
        known.withLock { known in
            if known.verdicts.count >= Self.mostVerdicts { (known.verdicts, known.facts) = ([:], [:]) }
            known.verdicts[container.id] = isOurs
            if let owned { known.facts[container.id] = facts(of: owned) }
        }
        return owned
    }

    /// Returns the container with this id as owned by this namespace; nil if the container is gone or belongs to
    /// somebody else.
    func owned(id: ContainerID) async throws(DockerError) -> OwnedContainer? {
        guard let container = try await found(id.text) else { return nil }
        return try await owned(container)
    }

    /// Returns the game's container on the Docker Engine. Labels identify the game's containers, so their names may
    /// differ.
    ///
    /// - Parameter name: The name of the game's container, used if no container has the game's labels; nil: no search
    ///   by name.
    func container(of gameID: GameID, named name: String?) async throws(DockerError) -> FoundContainer {
        if let current = OwnedContainer.current(of: try await containers(of: gameID)) { return .owned(current) }
        guard let name, let holder = try await found(name) else { return .none }
        if let owned = try await owned(holder), owned.gameID == gameID { return .owned(owned) }
        return .foreign(holder)
    }

    /// Stops a container for a part of the worker that is no job. The leader publishes the exit as `stopped`.
    ///
    /// - Parameter asker: The name that stands in place of a job's id.
    func stop(_ id: ContainerID, for asker: JobID, timeout: Duration) async throws {
        let intent = StopIntent(jobID: asker, askedAt: MonotonicClock.wallNow, timeout: timeout)
        try await queue.record(.asked(jobID: asker, intent: intent.encoded), of: id)
        let outcome = try await docker.stop(id.text, timeout: timeout)
        try await queue.record(.forced(outcome.forced), of: id)
    }

    /// Records the last run of a container that is about to be removed. The leader may have published neither its start
    /// nor its end, for example after failed inspections.
    func recordRun(of container: OwnedContainer) async throws(QueueError) {
        guard var exit = ExitFacts(of: container.inspect) else { return }
        exit.isByEngine = await witness.isByEngine(exit)
        let checkpoint = Checkpoint(startedAt: container.inspect.startedAt, identity: ContainerIdentity(of: container))
        try await queue.record(.started(checkpoint: checkpoint.encoded), of: container.inspect.id)
        try await queue.record(.exit(exit.encoded), of: container.inspect.id)
    }

    /// Returns all containers of the game in this namespace.
    func containers(of gameID: GameID) async throws(DockerError) -> [OwnedContainer] {
        var owned: [OwnedContainer] = []
        for row in try await rows(of: gameID) {
            if let container = try await self.owned(id: row.id) { owned.append(container) }
        }
        return owned
    }

    /// Returns the listed containers whose labels claim this namespace.
    ///
    /// - Parameter gameID: The game; nil: all games.
    func rows(of gameID: GameID? = nil) async throws(DockerError) -> [ContainerSummary] {
        var labels: LabelMap = [GalaxyLabel.owner: GalaxyLabel.ownerValue, GalaxyLabel.namespace: namespace]
        if let gameID { labels[GalaxyLabel.gameID] = gameID.text }
        return try await docker.list(ListFilter(labels: labels, inspectsRows: false))
    }

    /// Returns the cached verdicts on these containers: true if a container is of this namespace.
    func verdicts(on rows: [ContainerSummary]) -> [ContainerID: Bool] {
        let verdicts = known.withLock { $0.verdicts }
        return Dictionary(rows.compactMap { row in verdicts[row.id].map { (row.id, $0) } }) { first, _ in first }
    }

    private func facts(of container: OwnedContainer) -> InspectedFacts {
        InspectedFacts(
            running: container.inspect.isRunning ? RunningGame(of: container, enginePort: enginePort) : nil,
            engineEndpoint: container.engineEndpoint(port: enginePort)
        )
    }

    /// Returns the running games with an inspected container. A list shows neither limits nor ports.
    func runningGames(of rows: [ContainerSummary]) -> [GameID: RunningGame] {
        let facts = known.withLock { $0.facts }
        var found: [GameID: RunningGame] = [:]
        for row in rows where row.isRunning {
            guard let game = row.labels[GalaxyLabel.gameID], let known = facts[row.id] else { continue }
            if let running = known.running { found[GameID(game)] = running }
        }
        return found
    }

    /// Returns the endpoint of each inspected container. A list shows no hostname.
    func endpoints(of rows: [ContainerSummary]) -> [ContainerID: String] {
        let facts = known.withLock { $0.facts }
        return Dictionary(rows.compactMap { row in facts[row.id].map { (row.id, $0.engineEndpoint) } }) { first, _ in
            first
        }
    }

    /// Returns the listed containers of this namespace, after inspecting containers without a verdict, and those that run
    /// and did not run at their last inspection. A container that has ended before its inspection counts as ended.
    func ownedRows() async throws(DockerError) -> [ContainerSummary] {
        let rows = try await rows()
        try await inspect(rows.filter(isToInspect).map(\.id))
        let verdicts = verdicts(on: rows)
        let facts = known.withLock { $0.facts }
        return rows.filter { verdicts[$0.id] == true }.map { row in
            var row = row
            if row.isRunning, facts[row.id]?.running == nil { row.status = "exited" }
            return row
        }
    }

    private func isToInspect(_ row: ContainerSummary) -> Bool {
        known.withLock { known in
            guard let isOurs = known.verdicts[row.id] else { return true }
            return isOurs && row.isRunning && known.facts[row.id]?.running == nil
        }
    }

    private func inspect(_ ids: [ContainerID]) async throws(DockerError) {
        for start in stride(from: 0, to: ids.count, by: Self.mostInspects) {
            let failure = await withTaskGroup(of: DockerError?.self) { group in
                for id in ids[start..<min(start + Self.mostInspects, ids.count)] {
                    group.addTask {
                        do throws(DockerError) {
                            _ = try await self.owned(id: id)
                            return nil
                        } catch {
                            return error
                        }
                    }
                }
                var failure: DockerError?
                for await error in group { failure = failure ?? error }
                return failure
            }
            if let failure { throw failure }
        }
    }

    private func imageLabels(of container: ContainerInspect) async throws(DockerError) -> ImageLabels {
        let id = container.imageID
        if let labels = known.withLock({ $0.images[id] }) { return .known(labels) }
        let labels: LabelMap
        do throws(DockerError) {
            labels = try await docker.inspectImage(id: id).labels
        } catch {
            guard error.code == .imageNotFound else { throw error }
            return .gone(wasPublished: try await isPublished(container.id))
        }
        keep(labels, ofImage: id)
        return .known(labels)
    }

    /// Caches the labels of an image that a job has inspected, which saves a call to the Docker Engine.
    func saw(_ image: ImageInspect) { keep(image.labels, ofImage: image.id) }

    private func keep(_ labels: LabelMap, ofImage id: String) {
        known.withLock { known in
            if known.images.count >= Self.mostImages, known.images[id] == nil { known.images = [:] }
            known.images[id] = labels
        }
    }

    private func isPublished(_ id: ContainerID) async throws(DockerError) -> Bool {
        do throws(QueueError) {
            return try await queue.isPublished(id)
        } catch {
            throw DockerError(
                .timeout,
                operation: "inspectImage",
                message:
                    "the image of container \(id.short) is gone, and Redis does not say whose it is: \(error)",
                retryable: true
            )
        }
    }

    private func found(_ container: String) async throws(DockerError) -> ContainerInspect? {
        do throws(DockerError) {
            return try await docker.inspectContainer(container)
        } catch {
            guard error.code == .containerNotFound else { throw error }
            return nil
        }
    }
}
