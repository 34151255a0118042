import DockerPort
import JobContract
import Primitives
import Testing

@testable import RuntimeCore

private let id = ContainerID(String(repeating: "a", count: 64))

private func container(
    status: String,
    job: String = "j1",
    spec: String? = nil,
    hostname: String = "galaxy-game-g1",
    startedAt: Timestamp? = t0,
    finishedAt: Timestamp? = nil,
    exitCode: Int = 0
) -> FoundContainer {
    let same = Translation.specDigest(of: start("j1"))
    let inspect = ContainerInspect(
        id: id,
        name: "galaxy-game-g1",
        imageRef: "engine:1",
        hostname: hostname,
        labels: [
            "com.galaxy.owner": "rtmanager", "com.galaxy.namespace": "rtm", "com.galaxy.game_id": "g1",
            "com.galaxy.job_id": job, "com.galaxy.spec": spec ?? same,
        ],
        status: status,
        startedAt: startedAt,
        finishedAt: finishedAt,
        exitCode: exitCode
    )
    return OwnedContainer(inspect, image: .known([:]), namespace: "rtm").map { .owned($0) } ?? .foreign(inspect)
}

private func inspect(_ found: FoundContainer) -> ContainerInspect {
    guard case .owned(let container) = found else {
        return ContainerInspect(id: "", name: "", imageRef: "", status: "")
    }
    return container.inspect
}

private let foreign = FoundContainer.foreign(ContainerInspect(id: id, name: "n", imageRef: "e", status: "running"))

private func start(_ id: JobID) -> Job { Job(id: id, kind: .start, gameID: "g1", image: ImageReference("engine:1")) }

@Suite("Decisions about an existing container")
struct ContainerDecisionTests {
    private let decisions = ContainerDecisions()

    private func decide(_ job: JobID, _ container: FoundContainer) -> String {
        switch decisions.start(start(job), finding: container, port: 8080) {
        case .run: "run"
        case .end(let ending): "\(ending.outcome.rawValue) \(ending.errorCode?.rawValue ?? ending.effect.rawValue)"
        case .replace: "replace"
        case .replaceRunning: "replace running"
        case .wait: "wait"
        }
    }

    @Test("a retry by an operator does not accept the container of the former run")
    func anew() {
        let left = container(status: "exited")
        #expect(decisions.start(start("j1"), finding: left, port: 1, isAnew: true) == .replace(containerID: id))
        let restart = Job(id: "j1", kind: .restart, gameID: "g1", image: ImageReference("engine:1"))
        #expect(decisions.restart(restart, finding: left, port: 1, isAnew: true) == .replace(containerID: id))
    }

    @Test("a restart replaces, starts or refuses")
    func restarts() {
        func decide(_ job: JobID, _ container: FoundContainer) -> String {
            let restart = Job(id: job, kind: .restart, gameID: "g1", image: ImageReference("engine:1"))
            switch decisions.restart(restart, finding: container, port: 8080) {
            case .end(let ending):
                return "\(ending.outcome.rawValue) \(ending.errorCode?.rawValue ?? ending.effect.rawValue)"
            case .replaceRunning: return "replace running"
            case .replace: return "replace"
            case .run: return "run"
            case .wait: return "wait"
            }
        }
        #expect(decide("r", .none) == "run")
        #expect(decide("r", container(status: "running")) == "replace running")
        #expect(decide("r", container(status: "paused")) == "replace running")
        #expect(decide("r", container(status: "exited")) == "replace")
        #expect(decide("r", container(status: "created", startedAt: nil)) == "replace")
        #expect(decide("r", container(status: "removing")) == "wait")
        #expect(decide("r", foreign) == "failed name_conflict")
        // Its own container: it had come so far before.
        #expect(decide("r", container(status: "running", job: "r")) == "succeeded started")
        #expect(decide("r", container(status: "exited", job: "r")) == "failed start_failed")
        #expect(decide("r", container(status: "created", job: "r", startedAt: nil)) == "replace")
        #expect(decide("r", container(status: "removing", job: "r")) == "wait")
    }

    @Test("a start keeps, replaces or refuses")
    func starts() {
        #expect(decide("j1", container(status: "running")) == "succeeded started")
        #expect(decide("j2", container(status: "running")) == "succeeded already_running")
        #expect(decide("j2", container(status: "paused")) == "succeeded already_running")
        #expect(decide("j2", container(status: "running", spec: "other")) == "failed name_conflict")
        #expect(decide("j1", container(status: "exited")) == "failed start_failed")
        #expect(decide("j2", container(status: "exited")) == "replace")
        #expect(decide("j1", container(status: "created", startedAt: nil)) == "replace")
        #expect(decide("j2", container(status: "dead")) == "replace")
        #expect(decide("j2", container(status: "removing")) == "wait")
        #expect(decide("j1", foreign) == "failed name_conflict")
        #expect(decide("j1", .none) == "run")
        // Renamed, and made under another prefix: the endpoint is that of the container.
        let elsewhere = container(status: "running", hostname: "old-prefix-g1")
        guard case .end(let ending) = decisions.start(start("j2"), finding: elsewhere, port: 9000) else { return }
        #expect(ending.engineEndpoint == "http://old-prefix-g1:9000")
    }

    @Test("a stop and a remove act, do nothing or refuse")
    func stopsAndRemoves() {
        var stop = Job(id: "s", kind: .stop, gameID: "g1")
        let runs = container(status: "running")
        let exited = container(status: "exited")
        #expect(decisions.stop(stop, finding: runs) == .stop(inspect(runs)))
        #expect(decisions.stop(stop, finding: .none) == .end(JobEnding(.succeeded, effect: .alreadyAbsent)))
        guard case .end(let ended) = decisions.stop(stop, finding: container(status: "exited")) else { return }
        #expect(ended.effect == .alreadyStopped && ended.containerID == id)
        let unstarted = container(status: "created", startedAt: nil)
        #expect(decisions.stop(stop, finding: unstarted) == .remove(inspect(unstarted)))
        stop.containerID = ContainerID(String(repeating: "b", count: 64))
        guard case .end(let stale) = decisions.stop(stop, finding: container(status: "running")) else {
            Issue.record("a stale guard must end the job")
            return
        }
        #expect(stale.errorCode == .staleContainer)
        var remove = Job(id: "r", kind: .remove, gameID: "g1")
        guard case .end(let running) = decisions.remove(remove, finding: container(status: "running")) else {
            Issue.record("a running container must not be removed without force")
            return
        }
        #expect(running.errorCode == .containerRunning)
        remove.force = true
        #expect(decisions.remove(remove, finding: runs) == .stopAndRemove(inspect(runs)))
        #expect(decisions.remove(remove, finding: exited) == .remove(inspect(exited)))
        guard case .end(let refused) = decisions.remove(remove, finding: foreign) else {
            Issue.record("a foreign container must not be touched")
            return
        }
        #expect(refused.errorCode == .nameConflict)
    }
}
