import DockerPort
import JobContract
import JobQueue
import Primitives
import RuntimeCore
import Synchronization

/// Finds out which containers are ours, for every part of one worker: the shell around ``RuntimeCore/OwnedContainer``.
///
/// The labels of an image and the answer for a container never change, so both are kept, with a bound.
final class ContainerOwnership: Sendable {
    let docker: any DockerClient
    let queue: any DeliveryQueue
    let namespace: String

    private struct Known {
        /// By the image's id.
        var images: [String: LabelMap] = [:]
        /// By the container's id.
        var verdicts: [String: Bool] = [:]
    }

    private let known = Mutex(Known())

    /// Images whose labels are kept; an image has 16 KiB of them at most as a rule.
    private static let mostImages = 256
    /// Containers of which is kept whether they are ours.
    private static let mostVerdicts = 65_536
    /// Containers that are looked at together.
    private static let looksAtOnce = 8

    init(docker: any DockerClient, queue: any DeliveryQueue, namespace: String) {
        self.docker = docker
        self.queue = queue
        self.namespace = namespace
    }

    /// Returns the container as one of ours; nil if it is not.
    func owned(_ container: ContainerInspect) async throws(DockerError) -> OwnedContainer? {
        var owned: OwnedContainer?
        if OwnedContainer.mayBeOurs(container, namespace: namespace) {
            let labels = try await imageLabels(of: container)
            owned = OwnedContainer(container, image: labels, namespace: namespace)
            // An event of it may still be published.
            if labels == .gone(wasPublished: false) { return nil }
        }
        let isOurs = owned != nil
        known.withLock { known in
            if known.verdicts.count >= Self.mostVerdicts { known.verdicts = [:] }
            known.verdicts[container.id] = isOurs
        }
        return owned
    }

    /// Returns the container of this id as one of ours; nil if it is not, or is gone.
    func owned(id: String) async throws(DockerError) -> OwnedContainer? {
        guard let container = try await found(id) else { return nil }
        return try await owned(container)
    }

    /// Returns what the game has on the Engine. Its containers are found by their labels, whatever their names are.
    ///
    /// - Parameter name: the name of the game's container; asked for if the game has none. nil: not asked for.
    func container(of gameID: String, named name: String?) async throws(DockerError) -> FoundContainer {
        if let current = OwnedContainer.current(of: try await containers(of: gameID)) { return .owned(current) }
        guard let name, let holder = try await found(name) else { return .none }
        if let owned = try await owned(holder), owned.gameID == gameID { return .owned(owned) }
        return .foreign(holder)
    }

    /// Returns all containers of the game that are ours.
    func containers(of gameID: String) async throws(DockerError) -> [OwnedContainer] {
        var owned: [OwnedContainer] = []
        for row in try await rows(of: gameID) {
            if let container = try await self.owned(id: row.id) { owned.append(container) }
        }
        return owned
    }

    /// Returns the list's rows of containers that may be ours: their labels say so.
    ///
    /// - Parameter gameID: of this game only; nil: of all games.
    func rows(of gameID: String? = nil) async throws(DockerError) -> [ContainerSummary] {
        var labels: LabelMap = [GalaxyLabel.owner: GalaxyLabel.ownerValue, GalaxyLabel.namespace: namespace]
        if let gameID { labels[GalaxyLabel.gameID] = gameID }
        return try await docker.list(ListFilter(labels: labels, inspectsRows: false))
    }

    /// Returns which of these containers were looked at: true for ours. A container that nobody looked at is missing.
    func verdicts(on rows: [ContainerSummary]) -> [String: Bool] {
        let verdicts = known.withLock { $0.verdicts }
        return Dictionary(rows.compactMap { row in verdicts[row.id].map { (row.id, $0) } }) { first, _ in first }
    }

    /// Returns the list's rows of all containers that are ours. Containers that nobody has looked at are looked at.
    func ownedRows() async throws(DockerError) -> [ContainerSummary] {
        let rows = try await rows()
        let before = verdicts(on: rows)
        let unknown = rows.filter { before[$0.id] == nil }.map(\.id)
        try await look(at: unknown)
        let after = verdicts(on: rows)
        return rows.filter { after[$0.id] == true }
    }

    private func look(at ids: [String]) async throws(DockerError) {
        for start in stride(from: 0, to: ids.count, by: Self.looksAtOnce) {
            let failure = await withTaskGroup(of: DockerError?.self) { group in
                for id in ids[start..<min(start + Self.looksAtOnce, ids.count)] {
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

    /// Takes notice of an image that a job has looked at, so that the Engine need not be asked again.
    func saw(_ image: ImageInspect) { keep(image.labels, ofImage: image.id) }

    private func keep(_ labels: LabelMap, ofImage id: String) {
        known.withLock { known in
            if known.images.count >= Self.mostImages, known.images[id] == nil { known.images = [:] }
            known.images[id] = labels
        }
    }

    private func isPublished(_ id: String) async throws(DockerError) -> Bool {
        do throws(QueueError) {
            return try await queue.isPublished(id)
        } catch {
            throw DockerError(
                .timeout,
                operation: "inspectImage",
                message:
                    "the image of container \(id.prefix(12)) is gone, and Redis does not say whose it is: \(error)",
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
