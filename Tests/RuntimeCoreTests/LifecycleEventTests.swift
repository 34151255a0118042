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
        let telling = try #require(
            StoryTelling(
                after: nil,
                seeing: sighting(exited, hint("die", at: t2)),
                knowing: ContainerRecord()
            )
        )
        #expect(telling.entries.map(\.kind) == [.started, .exited])
        #expect(telling.entries.map(\.action) == [nil, "die"])
        #expect(telling.entries.map(\.occurredAt) == [t0, t2])
        #expect(telling.entries.map(\.startedAt) == [t0, t0])
        #expect(telling.entries.last?.exitCode == 3 && telling.entries.last?.reason == .crashed)
        #expect(telling.mark == mark(t0, exited: t1))
        let after = StoryTelling(after: telling.mark, seeing: sighting(nil), knowing: ContainerRecord())
        #expect(after?.entries.map(\.kind) == [.removed] && after?.entries.first?.occurredAt == seen)
        #expect(after?.mark == nil)
    }

    @Test("an exit by a job's SIGKILL waits for the outcome of the stop")
    func verdicts() throws {
        let killed = sighting(inspected("exited", finishedAt: t1, exitCode: 137))
        let reasons = [nil, true, false].map { isForced in
            StoryTelling(
                after: mark(t0),
                seeing: killed,
                knowing: ContainerRecord(isEndAsked: true, isForced: isForced)
            )
        }
        #expect(reasons.map { $0?.awaitsVerdict } == [true, false, false])
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
        #expect(!isByEngine(143, EngineAbsence(from: t2)) && !isByEngine(143, EngineAbsence(from: t0, to: t0)))
    }
}
