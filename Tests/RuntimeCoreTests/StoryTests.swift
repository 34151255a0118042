import DockerPort
import JobContract
import Primitives
import Testing

@testable import RuntimeCore

private let t0 = Timestamp(seconds: 1_000)
private let t1 = Timestamp(seconds: 2_000)
private let t2 = Timestamp(seconds: 3_000)
private let seen = Timestamp(seconds: 9_000)
private let labels: LabelMap = [
    GalaxyLabel.owner: GalaxyLabel.ownerValue, GalaxyLabel.namespace: "rtm", GalaxyLabel.gameID: "g1",
    GalaxyLabel.jobID: "j1", "team": "red", "made": "there",
]
private let identity = ContainerIdentity(
    containerName: "n",
    gameID: "g1",
    jobID: "j1",
    image: "e",
    labels: ["team": "red"]
)

private func owned(_ container: ContainerInspect?) -> OwnedContainer? {
    container.flatMap { OwnedContainer($0, image: .known(["made": "there"]), namespace: "rtm") }
}

private func container(
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

private func hint(_ action: String, at time: Timestamp) -> DockerEvent {
    DockerEvent(action: action, containerID: "c1", name: "n", image: "e", labels: labels, occurredAt: time)
}

private func sighting(_ container: ContainerInspect?, _ hints: DockerEvent...) -> Sighting {
    sighting(container, hints: hints)
}

private func sighting(_ container: ContainerInspect?, hints: [DockerEvent]) -> Sighting {
    Sighting(containerID: "c1", container: owned(container), hints: hints, seenAt: seen)
}

private func mark(
    _ startedAt: Timestamp?,
    exited: Timestamp? = nil,
    health: HealthLevel? = nil,
    ooms: [Timestamp] = []
) -> StoryMark {
    StoryMark(startedAt: startedAt, exitedAt: exited, health: health, ooms: ooms, identity: identity)
}

@Suite("Lifecycle steps of a container")
struct StoryTests {
    private func steps(_ mark: StoryMark?, _ container: ContainerInspect?, _ hints: DockerEvent...) -> [StoryStep] {
        let record = ContainerRecord(isClaimBelieved: true)
        return Story.missingSteps(after: mark, seeing: sighting(container, hints: hints), knowing: record)
    }

    @Test("publishes exactly the missing steps")
    func missing() {
        let running = container("running")
        let exited = container("exited", finishedAt: t1, exitCode: 3)
        let restarted = container("running", startedAt: t2, finishedAt: t1)
        let end = StoryStep.exited(ExitFacts(startedAt: t0, finishedAt: t1, exitCode: 3, oomKilled: false))
        let unseen = StoryStep.exited(ExitFacts(startedAt: t0))
        #expect(steps(nil, nil) == [])
        #expect(steps(nil, container("created", startedAt: nil)) == [])
        #expect(steps(nil, running) == [.started(t0)])
        #expect(steps(mark(t0), running) == [])
        #expect(steps(nil, exited) == [.started(t0), end])
        #expect(steps(mark(t0), exited) == [end])
        #expect(steps(mark(t0, exited: t1), exited) == [])
        #expect(steps(mark(t0, exited: t1), restarted) == [.started(t2)])
        #expect(steps(mark(t0), restarted) == [.exited(ExitFacts(startedAt: t0, finishedAt: t1)), .started(t2)])
        #expect(steps(mark(t0), nil) == [unseen, .removed])
        #expect(steps(mark(t0, exited: t1), nil) == [.removed])
    }

    @Test("an older observation after a newer one changes nothing")
    func stale() {
        #expect(steps(mark(t0, exited: t1), container("running")) == [])
    }

    @Test("a process whose end time is before its start time has one start and one exit")
    func endsBeforeItBegins() {
        let quick = container("exited", startedAt: t1, finishedAt: t0, exitCode: 3)
        let end = StoryStep.exited(ExitFacts(startedAt: t1, finishedAt: t0, exitCode: 3, oomKilled: false))
        #expect(steps(nil, quick) == [.started(t1), end])
        #expect(steps(mark(t1), quick) == [end])
        #expect(steps(mark(t1, exited: t0), quick) == [])
    }

    @Test("a change of health is published, and health starts afresh with each run")
    func health() {
        let healthy = container("running", health: "healthy")
        #expect(steps(nil, healthy) == [.started(t0), .health(.healthy)])
        #expect(steps(mark(t0), healthy) == [.health(.healthy)])
        #expect(steps(mark(t0, health: .healthy), healthy) == [])
        #expect(steps(mark(t0, health: .healthy), container("running", health: "starting")) == [])
        #expect(steps(mark(t0, health: .healthy), container("running", health: "unhealthy")) == [.health(.unhealthy)])
        let restarted = container("running", startedAt: t2, finishedAt: t1, health: "healthy")
        #expect(steps(mark(t0, exited: t1, health: .healthy), restarted) == [.started(t2), .health(.healthy)])
        let ended = container("exited", finishedAt: t1, health: "unhealthy")
        #expect(steps(mark(t0, exited: t1, health: .healthy), ended) == [])
    }

    @Test("an out-of-memory kill is published once in its run, and before the exit that it caused")
    func ooms() {
        let at = Timestamp(seconds: 1_500)
        let running = container("running")
        #expect(steps(mark(t0), running, hint("oom", at: at), hint("oom", at: at)) == [.oom([at])])
        #expect(steps(mark(t0, ooms: [at]), running, hint("oom", at: at)) == [])
        #expect(steps(mark(t0, exited: t1), container("exited", finishedAt: t1), hint("oom", at: at)) == [])
        let killed = container("exited", finishedAt: t1, exitCode: 137, oomKilled: true)
        let end = StoryStep.exited(ExitFacts(startedAt: t0, finishedAt: t1, exitCode: 137, oomKilled: true))
        #expect(steps(mark(t0), killed, hint("oom", at: at), hint("die", at: t1)) == [.oom([at]), end])
        #expect(steps(mark(t0, ooms: [at]), killed) == [end])
        #expect(steps(mark(t0), killed) == [.oom([]), end])
        // The flag of a container that runs may be that of its run before.
        #expect(steps(mark(t2), container("running", startedAt: t2, finishedAt: t1, oomKilled: true)) == [])
        let restarted = container("running", startedAt: t2, finishedAt: t1)
        #expect(
            steps(mark(t0), restarted, hint("oom", at: at))
                == [.oom([at]), .exited(ExitFacts(startedAt: t0, finishedAt: t1)), .started(t2)]
        )
        let many = (0..<20).map { Timestamp(seconds: 1_100 + $0) }
        var last = mark(t0)
        for time in many { last = last.after(.oom([time]), found: seen) ?? last }
        #expect(last.ooms == Array(many.suffix(StoryMark.mostOOMs)))
        #expect(steps(last, running, hint("oom", at: many[0])) == [])
        // The kernel may count one want of memory many times.
        let told = Story.missingSteps(
            after: mark(t0),
            seeing: sighting(killed, hints: many.map { hint("oom", at: $0) })
        )
        #expect(told == [.oom(many), end])
    }

    @Test("a container that nobody observed has the steps that a job or an event reports")
    func unseen() {
        let die = hint("die", at: t1)
        #expect(steps(nil, nil, hint("start", at: t0), die) == [.started(nil), .exited(ExitFacts()), .removed])
        #expect(steps(nil, nil, die) == [.started(nil), .exited(ExitFacts()), .removed])
        #expect(steps(nil, nil, hint("destroy", at: t1)) == [])
        // Whoever runs an image with our labels makes events that claim to be of a game.
        #expect(Story.missingSteps(after: nil, seeing: sighting(nil, hint("start", at: t0), die)) == [])
        let exit = ExitFacts(startedAt: t0, finishedAt: t1, exitCode: 3, oomKilled: false)
        let record = ContainerRecord(begun: mark(t0), lastExit: exit)
        let told = Story.missingSteps(after: nil, seeing: sighting(nil), knowing: record)
        #expect(told == [.started(t0), .exited(exit), .removed])
        #expect(
            Story.missingSteps(after: mark(t0), seeing: sighting(nil), knowing: record) == [.exited(exit), .removed]
        )
        let other = ContainerRecord(lastExit: ExitFacts(startedAt: t2, finishedAt: t2, exitCode: 1))
        #expect(
            Story.missingSteps(after: mark(t0), seeing: sighting(nil), knowing: other)
                == [.exited(ExitFacts(startedAt: t0)), .removed]
        )
    }

    @Test("checkpoints and exits decode to the encoded values")
    func encoding() {
        let marks = [
            mark(t0), mark(nil), mark(t0, exited: t1, health: .unhealthy, ooms: [t0, t1]),
            StoryMark(
                startedAt: t0,
                identity: ContainerIdentity(
                    containerName: "n",
                    gameID: "",
                    jobID: "",
                    image: "",
                    labels: ["a\nb": "\"\u{1}", "\u{e9}": "1", "e\u{301}": "2"]
                )
            ),
        ]
        for mark in marks { #expect(StoryMark(encoded: mark.encoded) == mark) }
        for text in ["", "s", "x\n\n\n\n\n\n\n\n\n{}", "e\n\n\n\n\n\n\n\n\n{}", "s\n\n\n\n\n\n\n\n\n["] {
            #expect(StoryMark(encoded: text) == nil)
        }
        let exits = [ExitFacts(), ExitFacts(startedAt: t0, finishedAt: t1, exitCode: -1, oomKilled: true)]
        for exit in exits { #expect(ExitFacts(encoded: exit.encoded) == exit) }
    }
}

@Suite("Fields of a lifecycle event")
struct StoryTellingTests {
    @Test("a step has action and time of its own Docker event, else of the observation")
    func sources() throws {
        let exited = container("exited", finishedAt: t1, exitCode: 3)
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
        let killed = sighting(container("exited", finishedAt: t1, exitCode: 137))
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

@Suite("Exits that are found later")
struct FoundEndTests {
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
        let waits = container("restarting", finishedAt: t1, exitCode: 7)
        let end = StoryStep.exited(ExitFacts(startedAt: t0, finishedAt: t1, exitCode: 7, oomKilled: false))
        #expect(Story.missingSteps(after: mark(t0), seeing: sighting(waits)) == [end])
        #expect(Story.missingSteps(after: mark(t0, exited: t1), seeing: sighting(waits)) == [])
        let again = container("running", startedAt: t2, finishedAt: t1)
        #expect(Story.missingSteps(after: mark(t0, exited: t1), seeing: sighting(again)) == [.started(t2)])
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
        let running = sighting(
            container("running", health: "healthy"),
            hints: ooms + [
                hint("health_status: unhealthy", at: t1), hint("health_status: healthy", at: t1),
            ]
        )
        let telling = try #require(StoryTelling(after: mark(t0), seeing: running, knowing: ContainerRecord()))
        #expect(telling.entries.map(\.kind) == [.oom, .healthy] && telling.entries.map(\.count) == [40, 2])
        #expect(telling.mayWait && telling.entries[0].occurredAt == ooms.last?.occurredAt)
        #expect(telling.entries[0].fields.contains { $0 == ("count", "40") })
        let again = StoryTelling(after: telling.mark, seeing: running, knowing: ContainerRecord())
        #expect(again == nil)
        let ended = sighting(container("exited", finishedAt: t1, exitCode: 137, oomKilled: true))
        let exit = try #require(StoryTelling(after: mark(t0), seeing: ended, knowing: ContainerRecord()))
        #expect(exit.entries.map(\.kind) == [.oom, .exited] && exit.entries.map(\.count) == [1, nil] && !exit.mayWait)
    }

    @Test("the most recent exited containers are kept")
    func kept() {
        func ended(_ id: String, _ time: Int64?) -> KeptContainers.Ended {
            KeptContainers.Ended(containerID: id, endedAt: time.map { Timestamp(seconds: $0) })
        }
        let all = [ended("c", 3), ended("a", 1), ended("d", nil), ended("b", 2), ended("b2", 2)]
        #expect(KeptContainers.surplus(of: all, keeping: 5) == [])
        #expect(KeptContainers.surplus(of: all, keeping: 2) == ["d", "a", "b"])
        #expect(KeptContainers.surplus(of: all, keeping: 1) == ["d", "a", "b", "b2"])
    }
}

/// A container that lives a random life, and a listener that sees some of it.
private struct RandomLife {
    var generator: SplitMix
    var now = t0
    var container: ContainerInspect?
    var events: [DockerEvent] = []
    var mark: StoryMark?
    var hasEnded = false
    var told = ""

    init(seed: UInt64) {
        generator = SplitMix(state: seed)
        container = StoryLife.created
    }

    mutating func live() {
        now = now.advanced(by: .milliseconds(Int.random(in: 1...50, using: &generator)))
        guard var shown = container else { return }
        switch Int.random(in: 0..<8, using: &generator) {
        case 0 where !shown.isRunning, 1 where !shown.isRunning:
            shown.status = "running"
            shown.startedAt = now
            (shown.health, shown.oomKilled, shown.exitCode) = ("starting", false, 0)
            happens("start", shown)
        case 2 where shown.isRunning, 3 where shown.isRunning:
            shown.health = Bool.random(using: &generator) ? "healthy" : "unhealthy"
            happens("health_status: \(shown.health)", shown)
        case 4 where shown.isRunning:
            shown.oomKilled = true
            happens("oom", shown)
        case 5 where shown.isRunning:
            (shown.status, shown.finishedAt, shown.exitCode) = ("exited", now, 137)
            happens("die", shown)
        case 6 where !shown.isRunning && shown.startedAt != nil:
            happens("destroy", shown)
            container = nil
            return
        default: break
        }
        container = shown
    }

    private mutating func happens(_ action: String, _ shown: ContainerInspect) {
        now = now.advanced(by: .milliseconds(1))
        // Some events are lost.
        if Int.random(in: 0..<4, using: &generator) > 0 { events.append(hint(action, at: now)) }
        container = shown
    }

    /// A record that says something else of all that nobody can see.
    private var fullRecord: ContainerRecord {
        let exit = ExitFacts(startedAt: mark?.startedAt, finishedAt: now, exitCode: 7, oomKilled: true)
        let begun =
            container == nil ? StoryMark(startedAt: now, identity: identity) : nil
        return ContainerRecord(begun: begun, isEndAsked: true, isForced: true, lastExit: exit)
    }

    /// Looks, with the events since the last look, some that were heard before, or none.
    mutating func look(hears: Bool = true) {
        guard !hasEnded else { return }
        let overlap = Int.random(in: 0...2, using: &generator)
        let hints = hears ? Array(events.suffix(events.isEmpty ? 0 : 1 + overlap)) : []
        var seen = Sighting(containerID: "c1", container: owned(container), hints: hints, seenAt: now)
        if container == nil, mark == nil { seen.hints = [hint("die", at: now)] }
        let telling = StoryTelling(after: mark, seeing: seen, knowing: ContainerRecord(isClaimBelieved: true))
        if !Story.needsRecord(after: mark, seeing: seen) {
            #expect(StoryTelling(after: mark, seeing: seen, knowing: fullRecord) == telling)
        }
        guard let telling else { return }
        mark = telling.mark
        hasEnded = telling.mark == nil
        told += telling.entries.map { String($0.kind.rawValue.first ?? "?") }.joined()
    }
}

private enum StoryLife {
    static let created = ContainerInspect(
        id: "c1",
        name: "n",
        imageRef: "e",
        hostname: "n",
        labels: labels,
        status: "created",
        startedAt: nil
    )
}

private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

@Suite("Random lives of containers")
struct RandomLifeTests {
    @Test("published events have a valid order, whatever is lost, duplicated or late")
    func grammar() throws {
        for seed in 0..<500 as Range<UInt64> {
            var life = RandomLife(seed: seed)
            for _ in 0..<60 {
                life.live()
                if Int.random(in: 0..<3, using: &life.generator) == 0 {
                    life.look(hears: Bool.random(using: &life.generator))
                    let before = life.told
                    life.look()
                    life.look(hears: false)
                    #expect(life.told.filter { $0 != "o" } == before.filter { $0 != "o" }, "seed \(seed)")
                }
            }
            #expect(try #/(s[huo]*e)*(s[huo]*|r)?/#.wholeMatch(in: life.told) != nil, "seed \(seed): \(life.told)")
            if life.container == nil {
                life.look()
                #expect(try #/((s[huo]*e)+r)?/#.wholeMatch(in: life.told) != nil, "seed \(seed): \(life.told)")
            }
        }
    }
}

@Suite("Containers to inspect after a list by Docker")
struct ReconciliationTests {
    private func row(_ id: String, _ status: String, game: String = "g", health: String = "") -> ContainerSummary {
        ContainerSummary(
            id: id,
            name: "n",
            imageRef: "e",
            hostname: "",
            labels: [GalaxyLabel.gameID: game],
            status: status,
            health: health,
            startedAt: nil
        )
    }

    private func suspects(
        _ rows: [ContainerSummary],
        _ marks: [String: StoryMark],
        begun: Set<String> = [],
        isThorough: Bool = false,
        ours: [String: Bool] = [:]
    ) -> [String] {
        Reconciliation(containers: rows, ours: ours, marks: marks, begun: begun, isThorough: isThorough, places: [])
            .suspects
    }

    @Test("are those that differ, and all that may have restarted if events may be missing")
    func differences() {
        let rows = [
            row("new", "running"), row("runs", "running"), row("ended", "exited"), row("over", "exited"),
            row("again", "running"), row("made", "created"), row("sick", "running", health: "unhealthy"),
            row("well", "running", health: "healthy"),
        ]
        let marks = [
            "runs": mark(t0), "ended": mark(t0), "over": mark(t0, exited: t1), "again": mark(t0, exited: t1),
            "sick": mark(t0, health: .healthy), "well": mark(t0, health: .healthy), "gone": mark(t0),
        ]
        #expect(suspects(rows, marks, begun: ["lost"]) == ["gone", "lost", "ended", "new", "again", "sick"])
        #expect(
            Set(suspects(rows, marks, begun: ["lost"], isThorough: true))
                == ["gone", "lost", "ended", "new", "again", "sick", "runs", "over", "well"]
        )
        // What was looked at and is not ours is not looked at again.
        #expect(suspects(rows, [:], ours: ["new": false, "runs": true]).contains("runs"))
        #expect(!suspects(rows, [:], isThorough: true, ours: ["new": false]).contains("new"))
    }

    @Test("reserve node capacity for games with a running container")
    func places() {
        let found = Reconciliation(
            containers: [
                row("a", "running", game: "a"), row("b", "exited", game: "b"), row("c", "paused", game: "c"),
                row("e", "running", game: "e"), row("f", "running", game: "f"), row("g", "restarting", game: "g"),
            ],
            ours: ["a": true, "c": true, "e": false, "g": true],
            marks: [:],
            begun: [],
            isThorough: false,
            places: ["a", "b", "d", "e", "f"]
        )
        #expect(found.unheldPlaces == ["b", "d", "e"] && found.missingPlaces == ["c", "g"])
    }
}
