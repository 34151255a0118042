import JobContract
import Primitives
import Testing

@testable import RuntimeCore

@Suite("The janitor")
struct JanitorTests {
    private func subject(
        _ id: ContainerID = "c1",
        neverRan: Bool = false,
        isCurrent: Bool = true,
        isGameBusy: Bool = false,
        isJobLive: Bool = false,
        owner: NodeID? = nil
    ) -> JanitorSubject {
        JanitorSubject(
            containerID: id,
            name: "n",
            gameID: "g",
            neverRan: neverRan,
            isCurrent: isCurrent,
            isGameBusy: isGameBusy,
            isJobLive: isJobLive,
            owner: owner
        )
    }

    private func at(_ seconds: Int64) -> MonotonicInstant { MonotonicInstant(nanoseconds: seconds * 1_000_000_000) }

    private func actions(_ mode: JanitorMode, _ subject: JanitorSubject) -> [String] {
        var janitor = Janitor(mode: mode, grace: .seconds(600), node: "n1")
        return [0, 60, 120, 599, 600].map { second in
            janitor.review([subject], now: at(second)).map(\.action.rawValue).joined()
        }
    }

    @Test("reports an unexplained container first, and removes it after the grace time")
    func modes() {
        let (abandoned, stray) = (subject(neverRan: true), subject())
        #expect(actions(.off, abandoned) == ["", "", "", "", ""])
        #expect(actions(.dryRun, abandoned) == ["", "report", "", "", ""])
        #expect(actions(.report, abandoned) == ["", "report", "", "", "remove"])
        #expect(actions(.report, stray) == ["", "report", "", "", ""])
        #expect(actions(.remove, stray) == ["", "report", "", "", "remove"])
    }

    @Test("does not touch explained containers")
    func explained() {
        let subjects = [
            subject(owner: "n1"), subject(isGameBusy: true), subject(isJobLive: true),
            subject(neverRan: true, isJobLive: true), subject(neverRan: true, isGameBusy: true, owner: "n2"),
        ]
        for subject in subjects { #expect(actions(.remove, subject) == ["", "", "", "", ""]) }
        for subject in [subject(owner: "n2"), subject(isCurrent: false, owner: "n1")] {
            #expect(actions(.remove, subject).last == "remove")
        }
    }

    @Test("restarts the grace time after an explanation")
    func again() {
        var janitor = Janitor(mode: .remove, grace: .seconds(600), node: "n1")
        _ = janitor.review([subject()], now: at(0))
        _ = janitor.review([subject(isGameBusy: true)], now: at(300))
        #expect(janitor.review([subject()], now: at(700)).isEmpty)
        #expect(janitor.review([], now: at(800)).isEmpty)
        #expect(janitor.complaints.isEmpty)
    }

    @Test("measures the backlog by entries or age, whichever is closer to the limit")
    func backlog() {
        func used(_ entries: Int?, _ age: Duration?, lost: Bool = false) -> Double {
            StreamBacklog(entries: entries, age: age, hasLost: lost).usedRetention(entries: 1_000, age: .seconds(100))
        }
        #expect(used(0, nil) == 0 && used(500, .seconds(10)) == 0.5 && used(nil, .seconds(80)) == 0.8)
        #expect(used(1, .seconds(1), lost: true) == 1)
    }
}
