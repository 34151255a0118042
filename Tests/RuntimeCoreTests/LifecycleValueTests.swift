import DockerPort
import JobContract
import Primitives
import Testing

@testable import RuntimeCore

private let started = Timestamp(seconds: 1_000)
private let ended = Timestamp(seconds: 2_000)
private let startedAgain = Timestamp(seconds: 3_000)
private let endedAgain = Timestamp(seconds: 4_000)
private let inspected = Timestamp(seconds: 9_000)
private let ownLabels: LabelMap = [
    GalaxyLabel.owner: GalaxyLabel.ownerValue, GalaxyLabel.namespace: "rtm", GalaxyLabel.gameID: "g1",
    GalaxyLabel.jobID: "j1",
]
private let ownIdentity = ContainerIdentity(containerName: "n", gameID: "g1", jobID: "j1", image: "e", labels: [:])

private func observation(
    _ status: String? = nil,
    startedAt: Timestamp? = started,
    finishedAt: Timestamp? = nil,
    exitCode: Int = 0,
    oomKilled: Bool = false,
    hints: [DockerEvent] = []
) -> Observation {
    let inspect = status.map {
        ContainerInspect(
            id: "c1",
            name: "n",
            imageRef: "e",
            hostname: "n",
            labels: ownLabels,
            status: $0,
            startedAt: startedAt,
            finishedAt: finishedAt,
            exitCode: exitCode,
            oomKilled: oomKilled
        )
    }
    let owned = inspect.flatMap { OwnedContainer($0, image: .known([:]), namespace: "rtm") }
    return Observation(containerID: "c1", container: owned, hints: hints, seenAt: inspected)
}

private func event(_ action: String, at time: Timestamp) -> DockerEvent {
    DockerEvent(action: action, containerID: "c1", name: "name", image: "image:1", labels: ownLabels, occurredAt: time)
}

private func checkpoint(_ startedAt: Timestamp?, exited: Timestamp? = nil, ooms: [Timestamp] = []) -> Checkpoint {
    Checkpoint(startedAt: startedAt, exitedAt: exited, ooms: ooms, identity: ownIdentity)
}

@Suite("The values of a container's events")
struct LifecycleValueTests {
    private func entries(
        _ checkpoint: Checkpoint?,
        _ observation: Observation,
        _ record: ContainerRecord = ContainerRecord()
    ) throws -> [LifecycleEvent] {
        try #require(LifecycleDiff(after: checkpoint, seeing: observation, knowing: record)).entries
    }

    @Test(
        "a run that ended unseen before another run, which also ended, has no finish time: the inspection shows only the last end"
    )
    func unseenEnd() throws {
        let again = observation("exited", startedAt: startedAgain, finishedAt: endedAgain, exitCode: 3)
        let found = try entries(checkpoint(started), again)
        #expect(found.map(\.kind) == [.exited, .started, .exited])
        #expect(found.map(\.startedAt) == [started, startedAgain, startedAgain])
        #expect(found.map(\.finishedAt) == [nil, nil, endedAgain])
        #expect(found.map(\.exitCode) == [nil, nil, 3])
        #expect(found.map(\.reason) == [.unknown, nil, .crashed])
        // While the second run continues, the inspection shows the end of the first.
        let runs = try entries(checkpoint(started), observation("running", startedAt: startedAgain, finishedAt: ended))
        #expect(runs.map(\.finishedAt) == [ended, nil])
    }

    @Test("an exit without an event has the time of the process' end; with an event, the time of the event")
    func exitTimes() throws {
        let exited = observation("exited", finishedAt: ended, exitCode: 1)
        #expect(try entries(checkpoint(started), exited).map(\.occurredAt) == [ended])
        let heard = observation("exited", finishedAt: ended, exitCode: 1, hints: [event("die", at: endedAgain)])
        #expect(try entries(checkpoint(started), heard).map(\.occurredAt) == [endedAgain])
        let unknown = observation("exited", exitCode: 1)
        #expect(try entries(checkpoint(started), unknown).map(\.occurredAt) == [inspected])
        #expect(try entries(checkpoint(started), unknown).map(\.finishedAt) == [nil])
    }

    @Test("a kill is out of memory only if the run's last oom is near")
    func oomReason() throws {
        let killed = observation("exited", finishedAt: ended, exitCode: 137, oomKilled: true)
        let near = checkpoint(started, ooms: [started, ended.advanced(by: .seconds(-1))])
        let far = checkpoint(started, ooms: [started])
        #expect(try entries(near, killed).map(\.reason) == [.oomKilled])
        #expect(try entries(far, killed).map(\.reason) == [.killed])
    }

    @Test("a container that is gone has the identity in its events, without labels")
    func claimed() throws {
        let record = ContainerRecord(isClaimBelieved: true)
        let found = try entries(
            nil,
            observation(hints: [event("start", at: started), event("die", at: ended)]),
            record
        )
        #expect(found.map(\.kind) == [.started, .exited, .removed])
        #expect(found.map(\.occurredAt) == [started, ended, inspected])
        for entry in found {
            #expect(entry.image == "image:1")
            #expect(entry.containerName == "name")
            #expect(entry.gameID == "g1")
            #expect(entry.jobID == "j1")
            #expect(entry.labels == [:])
        }
    }

    @Test("a removal has neither start nor end")
    func removal() throws {
        let found = try entries(
            checkpoint(started, exited: ended),
            observation(hints: [event("destroy", at: endedAgain)])
        )
        #expect(found.map(\.kind) == [.removed])
        #expect(found.first?.startedAt == nil)
        #expect(found.first?.finishedAt == nil)
        #expect(found.first?.occurredAt == endedAgain)
    }

    @Test("after a run with an unknown start, another end is another run")
    func unknownStart() throws {
        let before = checkpoint(nil, exited: ended)
        #expect(LifecycleDiff(after: before, seeing: observation("exited", finishedAt: ended), knowing: .init()) == nil)
        let again = observation("exited", startedAt: startedAgain, finishedAt: endedAgain)
        let found = try entries(before, again)
        #expect(found.map(\.kind) == [.started, .exited])
        #expect(found.map(\.startedAt) == [startedAgain, startedAgain])
    }
}
