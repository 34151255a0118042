import DockerPort
import JobContract
import Primitives
import Testing

@testable import RuntimeCore

@Suite("Exits that are found later")
struct FoundExitTests {
    @Test(
        "an exit during Docker's outage has that reason; the same code at another time is the game's own"
    )
    func powerLoss() {
        let start = Timestamp(seconds: 2_001)
        func isByPowerLoss(_ code: Int, _ end: Timestamp, refusal: Timestamp? = nil, start: Timestamp? = start) -> Bool
        {
            ExitClassification.isByPowerLoss(
                ExitFacts(startedAt: t0, finishedAt: end, exitCode: code),
                engineStart: start,
                lastRefusal: refusal
            )
        }
        #expect(isByPowerLoss(255, t1) && isByPowerLoss(255, t1, refusal: t1))
        #expect(!isByPowerLoss(3, t1) && !isByPowerLoss(137, t1) && !isByPowerLoss(255, t1, start: nil))
        // Long before the Engine came back, and after it.
        #expect(!isByPowerLoss(255, t1.advanced(by: .seconds(-60))) && !isByPowerLoss(255, t2))
        // Nobody was at the Engine's socket when it ended, nor a while later.
        #expect(!isByPowerLoss(255, t1.advanced(by: .seconds(-6)), refusal: t1))
    }

    @Test("a container that waits for a restart by Docker has exited, and starts again")
    func restarting() {
        let waits = inspected("restarting", finishedAt: t1, exitCode: 7)
        let end = LifecycleStep.exited(ExitFacts(startedAt: t0, finishedAt: t1, exitCode: 7, oomKilled: false))
        #expect(LifecycleSteps.missing(after: checkpoint(t0), seeing: observation(waits)) == [end])
        #expect(LifecycleSteps.missing(after: checkpoint(t0, exited: t1), seeing: observation(waits)) == [])
        let again = inspected("running", startedAt: t2, finishedAt: t1)
        #expect(LifecycleSteps.missing(after: checkpoint(t0, exited: t1), seeing: observation(again)) == [.started(t2)])
        #expect(waits.isRunning && !waits.hasProcess)
    }

    @Test("the end of a stop's time-out shows if SIGKILL was necessary, whichever worker finishes the stop")
    func forced() {
        let intent = StopIntent(jobID: "j", askedAt: t0, timeout: .seconds(10))
        func exit(_ code: Int?, after seconds: Int64) -> ExitFacts {
            ExitFacts(startedAt: t0, finishedAt: t0.advanced(by: .seconds(seconds)), exitCode: code)
        }
        #expect(intent.wasForced(exit(137, after: 10)) && intent.wasForced(exit(137, after: 11)))
        #expect(!intent.wasForced(exit(137, after: 2)) && !intent.wasForced(exit(143, after: 10)))
        #expect(intent.explains(exit(0, after: 0)) && !intent.explains(exit(0, after: -5)))
        for intent in [intent, StopIntent(jobID: "j", askedAt: nil, timeout: .zero)] {
            #expect(StopIntent(encoded: intent.encoded) == intent)
        }
        // As an older worker wrote it.
        #expect(StopIntent(encoded: "j")?.wasForced(exit(137, after: 2)) == true && StopIntent(encoded: "") == nil)
        func reason(_ exit: ExitFacts, isForced: Bool? = nil) -> ExitReason {
            let record = ContainerRecord(isEndAsked: true, stopIntent: intent, isForced: isForced)
            return ExitClassification.reason(exit, record)
        }
        #expect(reason(exit(137, after: 10)) == .stoppedForced && reason(exit(137, after: 1)) == .stopped)
        #expect(reason(exit(137, after: 1), isForced: true) == .stoppedForced)
    }

    @Test("events that may happen many times a second have a count")
    func counts() throws {
        let ooms = (0..<40).map { hint("oom", at: Timestamp(seconds: 1_100 + $0)) }
        let running = observation(
            inspected("running", health: "healthy"),
            hints: ooms + [
                hint("health_status: unhealthy", at: t1), hint("health_status: healthy", at: t1),
            ]
        )
        let diff = try #require(LifecycleDiff(after: checkpoint(t0), seeing: running, knowing: ContainerRecord()))
        #expect(diff.entries.map(\.kind) == [.oom, .healthy] && diff.entries.map(\.count) == [40, 2])
        #expect(diff.mayWait && diff.entries[0].occurredAt == ooms.last?.occurredAt)
        #expect(diff.entries[0].fields.contains { $0 == ("count", "40") })
        let again = LifecycleDiff(after: diff.checkpoint, seeing: running, knowing: ContainerRecord())
        #expect(again == nil)
        let ended = observation(inspected("exited", finishedAt: t1, exitCode: 137, oomKilled: true))
        let exit = try #require(LifecycleDiff(after: checkpoint(t0), seeing: ended, knowing: ContainerRecord()))
        #expect(exit.entries.map(\.kind) == [.oom, .exited] && exit.entries.map(\.count) == [1, nil] && !exit.mayWait)
    }

    @Test("the most recent exited containers are kept")
    func kept() {
        func ended(_ id: ContainerID, _ time: Int64?) -> KeptContainers.Ended {
            KeptContainers.Ended(containerID: id, endedAt: time.map { Timestamp(seconds: $0) })
        }
        let all = [ended("c", 3), ended("a", 1), ended("d", nil), ended("b", 2), ended("b2", 2)]
        #expect(KeptContainers.surplus(of: all, keeping: 5) == [])
        #expect(KeptContainers.surplus(of: all, keeping: 2) == ["d", "a", "b"])
        #expect(KeptContainers.surplus(of: all, keeping: 1) == ["d", "a", "b", "b2"])
    }
}
