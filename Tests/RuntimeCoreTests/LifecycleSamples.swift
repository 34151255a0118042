import DockerPort
import JobContract
import Primitives

@testable import RuntimeCore

let t0 = Timestamp(seconds: 1_000)
let t1 = Timestamp(seconds: 2_000)
let t2 = Timestamp(seconds: 3_000)
let seen = Timestamp(seconds: 9_000)
let labels: LabelMap = [
    GalaxyLabel.owner: GalaxyLabel.ownerValue, GalaxyLabel.namespace: "rtm", GalaxyLabel.gameID: "g1",
    GalaxyLabel.jobID: "j1", "team": "red", "made": "there",
]
let identity = ContainerIdentity(
    containerName: "n",
    gameID: "g1",
    jobID: "j1",
    image: "e",
    labels: ["team": "red"]
)

func owned(_ container: ContainerInspect?) -> OwnedContainer? {
    container.flatMap { OwnedContainer($0, image: .known(["made": "there"]), namespace: "rtm") }
}

func inspected(
    _ status: String,
    startedAt: Timestamp? = t0,
    finishedAt: Timestamp? = nil,
    exitCode: Int = 0,
    oomKilled: Bool = false,
    health: String = ""
) -> ContainerInspect {
    ContainerInspect(
        id: "c1",
        name: "n",
        imageRef: "e",
        hostname: "n",
        labels: labels,
        status: status,
        health: health,
        startedAt: startedAt,
        finishedAt: finishedAt,
        exitCode: exitCode,
        oomKilled: oomKilled
    )
}

func hint(_ action: String, at time: Timestamp) -> DockerEvent {
    DockerEvent(action: action, containerID: "c1", name: "n", image: "e", labels: labels, occurredAt: time)
}

func observation(_ container: ContainerInspect?, _ hints: DockerEvent...) -> Observation {
    observation(container, hints: hints)
}

func observation(_ container: ContainerInspect?, hints: [DockerEvent]) -> Observation {
    Observation(containerID: "c1", container: owned(container), hints: hints, seenAt: seen)
}

func checkpoint(
    _ startedAt: Timestamp?,
    exited: Timestamp? = nil,
    health: HealthLevel? = nil,
    ooms: [Timestamp] = []
) -> Checkpoint {
    Checkpoint(startedAt: startedAt, exitedAt: exited, health: health, ooms: ooms, identity: identity)
}
