import Primitives

import DockerPort
import JobContract

/// The labels of a container's image, as far as anybody can still read them.
package enum ImageLabels: Sendable, Equatable {
    case known(LabelMap)
    /// The Engine has the image no more.
    ///
    /// - Parameter wasPublished: whether an event of the container was published before, when the image was there.
    case gone(wasPublished: Bool)
}

/// A container that this namespace made for a game.
///
/// This is the only decision about whether a container is ours. A job, the listener, the janitor and the list of owned
/// games can use a container only by this type, and nothing else makes one. The name of the container and its prefix do
/// not count: people rename containers, and operators change `RTM_NAME_PREFIX`.
package struct OwnedContainer: Sendable, Equatable {
    package let inspect: ContainerInspect
    package let gameID: String
    /// Id of the job that made the container.
    package let jobID: String
    /// The labels that the job gave: neither ours nor those of the image, at most ``longestLabels`` bytes.
    package let jobLabels: LabelMap

    /// Most bytes of names and values in ``jobLabels``. A job has no more; a container made by hand may.
    package static let longestLabels = 4_096

    /// Returns nil if the container is not ours.
    ///
    /// A container is ours if all of these hold:
    /// - its labels name our owner, this namespace, a game and a job;
    /// - its image does not itself carry one of the labels of ``GalaxyLabel/ownership``;
    /// - its hostname was set: Docker uses the first 12 digits of the container's id otherwise.
    ///
    /// If the image is gone, nobody can check it. The container is ours only if an event of it was published before.
    package init?(_ container: ContainerInspect, image: ImageLabels, namespace: String) {
        guard Self.mayBeOurs(container, namespace: namespace),
            let gameID = container.labels[GalaxyLabel.gameID], let jobID = container.labels[GalaxyLabel.jobID]
        else { return nil }
        switch image {
        case .known(let labels):
            guard Self.ownershipLabel(in: labels) == nil else { return nil }
            jobLabels = Self.jobLabels(container.labels, imageLabels: labels)
        case .gone(let wasPublished):
            guard wasPublished else { return nil }
            jobLabels = Self.jobLabels(container.labels, imageLabels: [:])
        }
        inspect = container
        self.gameID = gameID
        self.jobID = jobID
    }

    /// Whether only the labels of the image can still tell that the container is not ours.
    package static func mayBeOurs(_ container: ContainerInspect, namespace: String) -> Bool {
        let labels = container.labels
        return labels[GalaxyLabel.owner] == GalaxyLabel.ownerValue && labels[GalaxyLabel.namespace] == namespace
            && labels[GalaxyLabel.gameID].map(Syntax.isGameID) == true
            && labels[GalaxyLabel.jobID].map(Syntax.isJobID) == true
            && !container.hostname.isEmpty && container.hostname != container.id.prefix(12)
    }

    /// A label of the image that only a container may carry, because it says whose the container is; nil if there is none.
    package static func ownershipLabel(in imageLabels: LabelMap) -> String? {
        GalaxyLabel.ownership.first { imageLabels[$0] != nil }
    }

    /// Refuses the image of a start whose containers could not be told from those that others run of the same image.
    ///
    /// - Throws: `start_failed`; the sentence names the label.
    package static func requireNoOwnership(in image: ImageInspect) throws(JobFailure) {
        guard let label = ownershipLabel(in: image.labels) else { return }
        throw JobFailure(
            .startFailed,
            "the image \(image.ref) carries the label \(label), which says whose a container is; build the image without "
                + "it (docker commit copies the labels of a container into the image)"
        )
    }

    /// The container that jobs of the game work on, if the game has several: one that runs before one that does not,
    /// then the latest.
    package static func current(of containers: [OwnedContainer]) -> OwnedContainer? {
        containers.max { first, second in
            if first.inspect.isRunning != second.inspect.isRunning { return second.inspect.isRunning }
            if first.inspect.createdAt != second.inspect.createdAt {
                guard let one = first.inspect.createdAt, let two = second.inspect.createdAt else {
                    return first.inspect.createdAt == nil
                }
                return one < two
            }
            return first.inspect.id < second.inspect.id
        }
    }

    /// URL of the engine in the container: of the container's own hostname, whatever today's settings are.
    ///
    /// - Parameter port: where the image names none.
    package func engineEndpoint(port: Int) -> String {
        "http://\(inspect.hostname):\(inspect.labels[GalaxyLabel.port].flatMap { Int($0) } ?? port)"
    }

    /// The labels that a job gave, of all labels of a container.
    static func jobLabels(_ labels: LabelMap, imageLabels: LabelMap) -> LabelMap {
        var bytes = 0
        var own = LabelMap()
        for (name, value) in labels
        where !name.startsWithBytes(of: GalaxyLabel.prefix) && !imageLabels.has(name, value) {
            bytes += name.utf8.count + value.utf8.count
            guard bytes <= longestLabels else { break }
            own[name] = value
        }
        return own
    }
}
