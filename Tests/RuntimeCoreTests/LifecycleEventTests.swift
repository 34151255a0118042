import DockerPort
import JobContract
import Primitives
import Testing

@testable import RuntimeCore

@Suite("Fields of a lifecycle event")
struct LifecycleEventTests {
    @Test("a step has action and time of its own Docker event, else of the observation")
    func sources() throws {
        let exited = inspected("exited", finishedAt: t1, exitCode: 3)
        let diff = try #require(
            LifecycleDiff(
                after: nil,
                seeing: observation(exited, hint("die", at: t2)),
                knowing: ContainerRecord()
            )
        )
        #expect(diff.entries.map(\.kind) == [.started, .exited])
        #expect(diff.entries.map(\.action) == [nil, "die"])
        #expect(diff.entries.map(\.occurredAt) == [t0, t2])
        #expect(diff.entries.map(\.startedAt) == [t0, t0])
        #expect(diff.entries.last?.exitCode == 3 && diff.entries.last?.reason == .crashed)
        #expect(diff.checkpoint == checkpoint(t0, exited: t1))
        let after = LifecycleDiff(after: diff.checkpoint, seeing: observation(nil), knowing: ContainerRecord())
        #expect(after?.entries.map(\.kind) == [.removed] && after?.entries.first?.occurredAt == seen)
        #expect(after?.checkpoint == nil)
    }

    @Test("a container of a forgotten node ends with the reason node_lost, unless it has ended before")
    func forgotten() {
        let running = checkpoint(t0).forgottenEvents(of: "c1", isPublished: true, at: seen)
        #expect(running.map(\.kind) == [.exited, .removed])
        #expect(running.map(\.reason) == [.nodeLost, nil] && running.map(\.startedAt) == [t0, nil])
        #expect(running.allSatisfy { $0.occurredAt == seen && $0.action == nil && $0.gameID == "g1" })
        let ended = checkpoint(t0, exited: t1).forgottenEvents(of: "c1", isPublished: true, at: seen)
        #expect(ended.map(\.kind) == [.removed])
        let started = checkpoint(t0).forgottenEvents(of: "c1", isPublished: false, at: seen)
        #expect(started.map(\.kind) == [.started, .exited, .removed] && started[0].occurredAt == t0)
    }

    @Test("an exit by a job's SIGKILL waits for the outcome of the stop")
    func verdicts() throws {
        let killed = observation(inspected("exited", finishedAt: t1, exitCode: 137))
        let reasons = [nil, true, false].map { isForced in
            LifecycleDiff(
                after: checkpoint(t0),
                seeing: killed,
                knowing: ContainerRecord(isEndAsked: true, isForced: isForced)
            )
        }
        #expect(reasons.map { $0?.awaitsStopResult } == [true, false, false])
        #expect(reasons.map { $0?.entries.first?.reason } == [.stoppedForced, .stoppedForced, .stopped])
    }

    @Test(
        "classifies exits",
        arguments: [
            (0, false, true, false, ExitReason.stopped), (143, false, true, false, .stopped),
            (137, false, true, true, .stoppedForced), (0, false, false, false, .completed),
            (1, false, false, false, .crashed), (137, true, false, false, .oomKilled),
            (137, false, false, false, .killed), (143, false, false, false, .killed),
            (0, true, false, false, .completed), (255, false, false, false, .crashed),
            (nil, false, false, false, .unknown), (nil, false, true, false, .stopped),
            (143, false, false, true, .daemonShutdown), (0, false, false, true, .daemonShutdown),
            (137, true, false, true, .oomKilled), (143, false, true, true, .stopped),
        ] as [(Int?, Bool, Bool, Bool, ExitReason)]
    )
    func reasons(exitCode: Int?, oom: Bool, asked: Bool, ending: Bool, reason: ExitReason) {
        let exit = ExitFacts(finishedAt: t1, exitCode: exitCode, oomKilled: oom)
        #expect(
            ExitClassification.reason(exit, ContainerRecord(isEndAsked: asked), engineWasEnding: ending) == reason
        )
    }

    @Test("an out-of-memory kill long before a SIGKILL is not its reason")
    func oldOOM() {
        let exit = ExitFacts(finishedAt: t1, exitCode: 137, oomKilled: true)
        let near = ExitClassification.reason(exit, ContainerRecord(), lastOOM: t1.advanced(by: .seconds(-1)))
        let far = ExitClassification.reason(exit, ContainerRecord(), lastOOM: t1.advanced(by: .seconds(-60)))
        #expect(near == .oomKilled && far == .killed)
    }

    @Test("an exit that was found later has Docker's outage as reason if Docker was away then")
    func absence() {
        func isByEngine(_ code: Int, _ absence: EngineAbsence?, liveRestore: Bool = false) -> Bool {
            ExitClassification.isByEngine(
                ExitFacts(finishedAt: t1, exitCode: code),
                absence: absence,
                liveRestore: liveRestore
            )
        }
        let away = EngineAbsence(from: t0, to: t2)
        #expect(isByEngine(143, away) && isByEngine(137, away) && isByEngine(143, EngineAbsence(from: t0)))
        #expect(!isByEngine(3, away) && !isByEngine(143, nil) && !isByEngine(143, away, liveRestore: true))
        // A Docker Engine that ends in order explains every exit code.
        let shutdown = EngineAbsence(from: t0, to: t2, isShutdown: true)
        #expect(isByEngine(0, shutdown) && isByEngine(3, shutdown) && !isByEngine(0, away))
        #expect(!isByEngine(0, shutdown, liveRestore: true))
        #expect(!isByEngine(0, EngineAbsence(from: t0, to: t0, isShutdown: true)))
        #expect(!isByEngine(143, EngineAbsence(from: t2)) && !isByEngine(143, EngineAbsence(from: t0, to: t0)))
    }

    @Test("a signal in the minutes before the start of Docker came from its end, also if no ping has failed")
    func restart() {
        func isByEngine(_ code: Int, _ start: Timestamp, _ absence: EngineAbsence? = nil, liveRestore: Bool = false)
            -> Bool
        {
            let exit = ExitFacts(finishedAt: t1, exitCode: code)
            return ExitClassification.isByEngine(exit, absence: absence, engineStart: start, liveRestore: liveRestore)
        }
        let soon = t1.advanced(by: .seconds(2))
        #expect(isByEngine(143, soon) && isByEngine(137, soon) && isByEngine(143, t1.advanced(by: .seconds(300))))
        #expect(!isByEngine(143, t1.advanced(by: .seconds(301))) && !isByEngine(143, t1.advanced(by: .seconds(-1))))
        #expect(!isByEngine(0, soon) && !isByEngine(3, soon) && !isByEngine(143, soon, liveRestore: true))
        // The clocks of Docker and of this machine may differ, but not Docker's clock from itself.
        let away = EngineAbsence(from: t0, to: t2, isShutdown: true)
        #expect(isByEngine(0, soon, away) && !isByEngine(137, t1.advanced(by: .seconds(-1)), away))
    }

    @Test("Docker is asked for its start only for exits that may have come from its end")
    func asked() {
        func isAsked(_ code: Int, heardSince: Timestamp?, _ absence: EngineAbsence? = nil) -> Bool {
            let exit = ExitFacts(finishedAt: t1, exitCode: code)
            return ExitClassification.mayBeByEngine(exit, absence: absence, heardSince: heardSince)
        }
        #expect(isAsked(143, heardSince: t1.advanced(by: .seconds(-2))) && isAsked(255, heardSince: t0))
        #expect(!isAsked(143, heardSince: t1.advanced(by: .seconds(-3))) && !isAsked(0, heardSince: t2))
        #expect(isAsked(137, heardSince: nil) && !isAsked(3, heardSince: nil))
        #expect(isAsked(0, heardSince: t0, EngineAbsence(from: t0, isShutdown: true)))
    }
}
