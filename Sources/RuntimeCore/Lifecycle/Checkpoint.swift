import Primitives

import DockerPort
import JobContract

/// The identity of a container, part of every published step. The labels are those given by the job.
package struct ContainerIdentity: Sendable, Equatable {
    package var containerName: String
    package var gameID: GameID
    package var jobID: JobID
    package var image: String
    package var labels: LabelMap

    package init(containerName: String, gameID: GameID, jobID: JobID, image: String, labels: LabelMap) {
        self.containerName = containerName
        self.gameID = gameID
        self.jobID = jobID
        self.image = image
        self.labels = labels
    }

    package init(of container: OwnedContainer) {
        self.init(
            containerName: container.inspect.name,
            gameID: container.gameID,
            jobID: container.jobID,
            image: container.inspect.imageRef,
            labels: container.jobLabels
        )
    }

    /// Creates the identity known to the job that made the container.
    package init(of spec: RunSpec) {
        self.init(
            containerName: spec.name,
            gameID: GameID(spec.labels[GalaxyLabel.gameID] ?? ""),
            jobID: JobID(spec.labels[GalaxyLabel.jobID] ?? ""),
            image: spec.image,
            labels: OwnedContainer.jobLabels(spec.labels, imageLabels: [:])
        )
    }

    /// Creates the identity claimed by an event of a container that is gone. Without labels, because nobody can
    /// separate the job's labels from the image's.
    package init(claimedBy event: DockerEvent) {
        self.init(
            containerName: event.name,
            gameID: GameID(event.labels[GalaxyLabel.gameID] ?? ""),
            jobID: JobID(event.labels[GalaxyLabel.jobID] ?? ""),
            image: event.image,
            labels: [:]
        )
    }
}

/// The checkpoint of a container: its last published state and its identity. With the checkpoint, a publisher can end
/// the lifecycle after the container itself is gone.
package struct Checkpoint: Sendable, Equatable {
    /// Start of the last published run, or nil if unknown.
    package var startedAt: Timestamp?
    /// End of the last published run, or nil while the run continues.
    package var exitedAt: Timestamp?
    /// Last published health of the run, or nil if no health is published.
    package var health: HealthLevel?
    /// The Docker Engine's times of the run's published `oom` events, ascending. Contains only the latest.
    package var ooms: [Timestamp]
    package var identity: ContainerIdentity

    /// Largest number of times in ``ooms``. A container with many killed processes may have thousands.
    package static let mostOOMs = 16

    package init(
        startedAt: Timestamp?,
        exitedAt: Timestamp? = nil,
        health: HealthLevel? = nil,
        ooms: [Timestamp] = [],
        identity: ContainerIdentity
    ) {
        self.startedAt = startedAt
        self.exitedAt = exitedAt
        self.health = health
        self.ooms = ooms
        self.identity = identity
    }

    /// Whether the last published run continues, according to the published steps.
    package var isRunning: Bool { exitedAt == nil }

    /// Returns whether an `oom` of this time is published. If the list is full, all times before the list count as
    /// published.
    func hasPublished(oom time: Timestamp) -> Bool {
        if ooms.contains(time) { return true }
        guard ooms.count >= Self.mostOOMs, let oldest = ooms.first else { return false }
        return time < oldest
    }
}

/// The result of a health check.
package enum HealthLevel: String, Sendable, CaseIterable {
    case healthy, unhealthy
}

extension Checkpoint {
    /// The form stored in Redis, a line for each value: `s` or `e`, start, end, health, ooms, name, game, job, image,
    /// labels. The publishing script reads the first line.
    package var encoded: String {
        let lines = [
            isRunning ? "s" : "e", startedAt?.rfc3339 ?? "", exitedAt?.rfc3339 ?? "", health?.rawValue ?? "",
            ooms.map(\.rfc3339).joined(separator: ","), identity.containerName, identity.gameID.text,
            identity.jobID.text,
            identity.image, identity.labels.json,
        ]
        return lines.joined(separator: "\n")
    }

    /// Decodes a checkpoint, or returns nil if `encoded` has another form.
    package init?(encoded: String) {
        let lines = encoded.split(separator: "\n", maxSplits: 9, omittingEmptySubsequences: false).map(String.init)
        guard lines.count == 10, ["s", "e"].contains(lines[0]), let labels = JSONText.strings(lines[9]) else {
            return nil
        }
        let exitedAt = Timestamp(rfc3339: lines[2])
        guard (lines[0] == "e") == (exitedAt != nil) else { return nil }
        self.init(
            startedAt: Timestamp(rfc3339: lines[1]),
            exitedAt: exitedAt,
            health: HealthLevel(rawValue: lines[3]),
            ooms: lines[4].split(separator: ",").compactMap { Timestamp(rfc3339: String($0)) },
            identity: ContainerIdentity(
                containerName: lines[5],
                gameID: GameID(lines[6]),
                jobID: JobID(lines[7]),
                image: lines[8],
                labels: labels
            )
        )
    }
}
