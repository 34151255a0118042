import Primitives

import DockerPort
import JobContract

/// Who a container is, as every step of its story tells. The labels are those that the job gave.
package struct ContainerIdentity: Sendable, Equatable {
    package var containerName: String
    package var gameID: String
    package var jobID: String
    package var image: String
    package var labels: LabelMap

    package init(containerName: String, gameID: String, jobID: String, image: String, labels: LabelMap) {
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

    /// As the job knows it that has made the container.
    package init(of spec: RunSpec) {
        self.init(
            containerName: spec.name,
            gameID: spec.labels[GalaxyLabel.gameID] ?? "",
            jobID: spec.labels[GalaxyLabel.jobID] ?? "",
            image: spec.image,
            labels: OwnedContainer.jobLabels(spec.labels, imageLabels: [:])
        )
    }

    /// As an event claims it, for a container that is gone. Which of its labels are the job's nobody knows.
    package init(claimedBy event: DockerEvent) {
        self.init(
            containerName: event.name,
            gameID: event.labels[GalaxyLabel.gameID] ?? "",
            jobID: event.labels[GalaxyLabel.jobID] ?? "",
            image: event.image,
            labels: [:]
        )
    }
}

/// What was published last of a container, and who it is, so that its story can be ended when the container
/// itself is gone.
package struct StoryMark: Sendable, Equatable {
    /// When the run began that was told last; nil where nobody could see.
    package var startedAt: Timestamp?
    /// When that run ended; nil while it goes on.
    package var exitedAt: Timestamp?
    /// Health of that run as published last; nil where none was.
    package var health: HealthLevel?
    /// The Engine's times of the run's published `oom`s, ascending, the last few.
    package var ooms: [Timestamp]
    package var identity: ContainerIdentity

    /// Most times that ``ooms`` holds. A container that is killed piece by piece may have thousands.
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

    /// Whether the run that was told last goes on, as far as was told.
    package var isRunning: Bool { exitedAt == nil }

    /// Whether an `oom` of that time was published. What is older than all of a full list counts as published.
    func hasTold(oom time: Timestamp) -> Bool {
        if ooms.contains(time) { return true }
        guard ooms.count >= Self.mostOOMs, let oldest = ooms.first else { return false }
        return time < oldest
    }
}

/// What a health check comes to.
package enum HealthLevel: String, Sendable, CaseIterable {
    case healthy, unhealthy
}

extension StoryMark {
    /// As Redis keeps it, one line each: `s` or `e` (of which the publishing script takes notice), begin, end,
    /// health, ooms, name, game, job, image, labels.
    package var encoded: String {
        let lines = [
            isRunning ? "s" : "e", startedAt?.rfc3339 ?? "", exitedAt?.rfc3339 ?? "", health?.rawValue ?? "",
            ooms.map(\.rfc3339).joined(separator: ","), identity.containerName, identity.gameID, identity.jobID,
            identity.image, identity.labels.json,
        ]
        return lines.joined(separator: "\n")
    }

    /// nil where `encoded` is no mark of this version.
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
                gameID: lines[6],
                jobID: lines[7],
                image: lines[8],
                labels: labels
            )
        )
    }
}
