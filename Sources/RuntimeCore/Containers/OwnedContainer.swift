import Primitives

import DockerPort
import JobContract

/// The labels of a container's image, if the image still exists.
package enum ImageLabels: Sendable, Equatable {
    case known(LabelMap)
    /// The image is no longer on the Docker Engine.
    ///
    /// - Parameter wasPublished: Whether an event of the container was published earlier, while the image existed.
    case gone(wasPublished: Bool)
}

/// A container made for a game by this namespace.
///
/// This type is the only decision about the ownership of a container. Jobs, the events listener, the janitor and the
/// list of owned games can use a container only through this type, and only its initializer creates values. The name of
/// a container proves nothing: people rename containers, and operators change `RTM_NAME_PREFIX`.
package struct OwnedContainer: Sendable, Equatable {
    package let inspect: ContainerInspect
    package let gameID: GameID
    /// Id of the job that made the container.
    package let jobID: JobID
    /// The labels given by the job, of at most ``longestLabels`` bytes. Excludes reserved labels, and labels of the
    /// image if the image still exists.
    package let jobLabels: LabelMap

    /// Largest total size of names and values in ``jobLabels``, in bytes. Jobs never exceed the bound, but containers
    /// made by hand may.
    package static let longestLabels = 4_096

    /// Creates a value if the container is ours; otherwise returns nil.
    ///
    /// A container is ours if all of these hold:
    /// - The labels name our owner, this namespace, a game and a job.
    /// - The image itself carries no label of ``GalaxyLabel/ownership``.
    /// - The hostname was set. Docker's default hostname is the first 12 digits of the container's id.
    ///
    /// If the image no longer exists, nobody can check the image's labels. The container is then ours only if an event
    /// of the container was published earlier.
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
        self.gameID = GameID(gameID)
        self.jobID = JobID(jobID)
    }

    /// Returns whether the container passes all checks except those of the image's labels.
    package static func mayBeOurs(_ container: ContainerInspect, namespace: String) -> Bool {
        let labels = container.labels
        return labels[GalaxyLabel.owner] == GalaxyLabel.ownerValue && labels[GalaxyLabel.namespace] == namespace
            && labels[GalaxyLabel.gameID].map(Syntax.isGameID) == true
            && labels[GalaxyLabel.jobID].map(Syntax.isJobID) == true
            && !container.hostname.isEmpty && container.hostname != container.id.short
    }

    /// Returns an ownership label in the labels of an image, or nil if there is none. Only containers may carry
    /// ownership labels.
    package static func ownershipLabel(in imageLabels: LabelMap) -> String? {
        GalaxyLabel.ownership.first { imageLabels[$0] != nil }
    }

    /// Refuses an image with an ownership label. Nobody could distinguish our containers of such an image from other
    /// people's containers.
    ///
    /// - Throws: `start_failed`, with the name of the label.
    package static func requireNoOwnership(in image: ImageInspect) throws(JobFailure) {
        guard let label = ownershipLabel(in: image.labels) else { return }
        throw JobFailure(
            .startFailed,
            "the image \(image.ref) carries the label \(label), which says whose a container is; build the image without "
                + "it (docker commit copies the labels of a container into the image)"
        )
    }

    /// Returns the container used by the game's jobs if the game has several: a running container first, then the
    /// latest.
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

    /// Returns the number of the claim whose job made the container; 0 without the label.
    package static func fence(in labels: LabelMap) -> Int64 {
        labels[GalaxyLabel.fence].flatMap { Int64($0) } ?? 0
    }

    /// Returns the URL of the game engine in the container. Hostname, host and port are the container's own, even if the
    /// settings have changed. The host and its port count only while the container runs.
    ///
    /// - Parameter port: The port if the image has no port label.
    package func engineEndpoint(port: Int) -> String {
        guard let host = inspect.labels[GalaxyLabel.advertised], let published = hostPort(otherwise: port) else {
            return "http://\(inspect.hostname):\(enginePort(otherwise: port))"
        }
        return "http://\(host):\(published)"
    }

    /// Returns the published port of the host for the game engine; nil if there is none, or if the container does not run.
    ///
    /// - Parameter port: The port in the container if the image has no port label.
    package func hostPort(otherwise port: Int) -> Int? {
        guard inspect.labels[GalaxyLabel.advertised] != nil else { return nil }
        if let published = inspect.hostPorts[enginePort(otherwise: port)] { return published.port }
        // The port of the settings may have changed since the start.
        return inspect.hostPorts.count == 1 ? inspect.hostPorts.first?.value.port : nil
    }

    /// Returns the port of the game engine in the container.
    ///
    /// - Parameter port: The port if the image has no port label.
    package func enginePort(otherwise port: Int) -> Int {
        inspect.labels[GalaxyLabel.port].flatMap { Int($0) } ?? port
    }

    /// Returns the labels given by the job from all labels of a container.
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
