import DockerPort
import JobContract
import Primitives
import Testing

@testable import RuntimeCore

private let id = String(repeating: "a", count: 64)

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
        stop.containerID = String(repeating: "b", count: 64)
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

@Suite("Retries")
struct RetryTests {
    private let policy = RetryPolicy(base: .seconds(1), cap: .seconds(60))

    @Test("pauses grow to the cap with full jitter")
    func pauses() {
        #expect(policy.pause(attempt: 1, random: 1) == .seconds(1))
        #expect(policy.pause(attempt: 4, random: 0.5) == .seconds(4))
        #expect(policy.pause(attempt: 20, random: 1) == .seconds(60))
        #expect(policy.pause(attempt: 1_000, random: 1) == .seconds(60))
        #expect(policy.pause(attempt: 5, random: 0) == .zero)
    }

    @Test("only a transient failure is retried, and an outage of Docker uses up no attempt")
    func dispositions() {
        func of(_ code: ErrorCode, retryable: Bool, attempt: Int, isAway: Bool = false) -> Disposition {
            policy.disposition(
                of: JobFailure(code, "x", retryable: retryable, mayBeOutage: code == .dockerUnavailable),
                isEngineAway: isAway,
                attempt: attempt,
                maximumAttempts: 3,
                random: 1
            )
        }
        #expect(of(.timeout, retryable: true, attempt: 1) == .retry(after: .seconds(1)))
        #expect(of(.timeout, retryable: true, attempt: 3) == .end(.failed(.timeout, "x")))
        #expect(of(.imageNotFound, retryable: false, attempt: 1) == .end(.failed(.imageNotFound, "x")))
        #expect(of(.dockerUnavailable, retryable: true, attempt: 3, isAway: true) == .release)
        #expect(of(.timeout, retryable: true, attempt: 3, isAway: true) == .end(.failed(.timeout, "x")))
    }

    @Test("a request without an answer uses up an attempt if Docker answers other requests")
    func notAway() {
        func of(_ error: DockerError, attempt: Int) -> Disposition {
            policy.disposition(
                of: JobFailure(error),
                isEngineAway: false,
                attempt: attempt,
                maximumAttempts: 3,
                random: 1
            )
        }
        let refused = DockerError(.unavailable, operation: "run", message: "x", status: 503, retryable: true)
        #expect(of(refused, attempt: 1) == .retry(after: .seconds(1)))
        #expect(of(refused, attempt: 3) == .end(.failed(.dockerUnavailable, "x")))
    }

    @Test("the failure's retryable flag decides, whatever its code", arguments: DockerError.Code.allCases)
    func retryable(code: DockerError.Code) {
        for retryable in [true, false] {
            let failure = JobFailure(DockerError(code, operation: "run", message: "x", retryable: retryable))
            let disposition = policy.disposition(
                of: failure,
                isEngineAway: false,
                attempt: 1,
                maximumAttempts: 2,
                random: 0
            )
            #expect(disposition == (retryable ? .retry(after: .zero) : .end(.failed(failure.code, "x"))))
        }
    }

    @Test("a failed job names the container that remains")
    func stays() {
        let failure = JobFailure(.startFailed, "x", detail: "foreign", container: .init(id: "c", name: "n"))
        let disposition = policy.disposition(
            of: failure,
            isEngineAway: false,
            attempt: 1,
            maximumAttempts: 5,
            random: 1
        )
        var expected = JobEnding.failed(.startFailed, "x")
        expected.containerID = "c"
        expected.containerName = "n"
        #expect(disposition == .end(expected))
    }
}

@Suite("Leadership")
struct LeadershipTests {
    private func at(_ seconds: Double) -> MonotonicInstant { MonotonicInstant(nanoseconds: Int64(seconds * 1e9)) }

    @Test("is requested at once, renewed in time, and trusted from the start of the request only")
    func term() {
        var machine = Leadership(ttl: .seconds(5), now: at(0))
        #expect(machine.step(now: at(0)) == .ask(epoch: nil))
        machine.answered(.granted(epoch: 7), requestStart: at(0), now: at(3), random: 0)
        #expect(machine.step(now: at(2.4)) == .wait(until: at(2.5)))
        #expect(machine.step(now: at(2.5)) == .ask(epoch: 7))
        #expect(machine.step(now: at(4.5)) == .standDown)
        machine.answered(.failed, requestStart: at(1.5), now: at(1.6), random: 0)
        #expect(machine.step(now: at(4.6)) == .standDown)
        machine.answered(.granted(epoch: 7), requestStart: at(2), now: at(2), random: 0)
        #expect(machine.step(now: at(4.6)) == .ask(epoch: 7))
        #expect(machine.step(now: at(4.4)) == .wait(until: at(4.5)))
    }

    @Test("followers ask when the lease may have expired, each at a different time")
    func follower() {
        var machine = Leadership(ttl: .seconds(5), now: at(0))
        machine.answered(.held(remaining: .seconds(2)), requestStart: at(0), now: at(0), random: 1)
        #expect(machine.step(now: at(0)) == .wait(until: at(2.5)))
        machine.leaderResigned(now: at(1), random: 1)
        #expect(machine.step(now: at(1.05)) == .ask(epoch: nil))
    }

    @Test("ends at once when the lease is lost")
    func lost() {
        var machine = Leadership(ttl: .seconds(5), now: at(0))
        machine.answered(.granted(epoch: 1), requestStart: at(0), now: at(0), random: 0)
        machine.answered(.held(remaining: .seconds(5)), requestStart: at(1), now: at(1), random: 0)
        guard case .follower = machine.state else {
            Issue.record("a refused renewal must end the term")
            return
        }
    }
}
