import DockerPort
import JobContract
import Primitives
import Testing

@testable import RuntimeCore

/// A container that lives a random life, and a listener that observes some of it.
private struct RandomLife {
    var generator: SplitMix
    var now = t0
    var container: ContainerInspect?
    var events: [DockerEvent] = []
    var checkpoint: Checkpoint?
    var hasEnded = false
    var published = ""

    init(seed: UInt64) {
        generator = SplitMix(state: seed)
        container = Sample.created
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

    /// A record with other values for all that nobody can observe.
    private var fullRecord: ContainerRecord {
        let exit = ExitFacts(startedAt: checkpoint?.startedAt, finishedAt: now, exitCode: 7, oomKilled: true)
        let started =
            container == nil ? Checkpoint(startedAt: now, identity: identity) : nil
        return ContainerRecord(started: started, isEndAsked: true, isForced: true, lastExit: exit)
    }

    /// Observes the container with the events since the last observation, with some repeated ones, or with none.
    mutating func observe(hasEvents: Bool = true) {
        guard !hasEnded else { return }
        let overlap = Int.random(in: 0...2, using: &generator)
        let hints = hasEvents ? Array(events.suffix(events.isEmpty ? 0 : 1 + overlap)) : []
        var seen = Observation(containerID: "c1", container: owned(container), hints: hints, seenAt: now)
        if container == nil, checkpoint == nil { seen.hints = [hint("die", at: now)] }
        let diff = LifecycleDiff(after: checkpoint, seeing: seen, knowing: ContainerRecord(isClaimBelieved: true))
        if !LifecycleSteps.needsRecord(after: checkpoint, seeing: seen) {
            #expect(LifecycleDiff(after: checkpoint, seeing: seen, knowing: fullRecord) == diff)
        }
        guard let diff else { return }
        checkpoint = diff.checkpoint
        hasEnded = diff.checkpoint == nil
        published += diff.entries.map { String($0.kind.rawValue.first ?? "?") }.joined()
    }
}

private enum Sample {
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

@Suite("Random lives of containers")
struct RandomLifeTests {
    @Test("published events have a valid order, whatever is lost, duplicated or late")
    func grammar() throws {
        for seed in 0..<500 as Range<UInt64> {
            var life = RandomLife(seed: seed)
            for _ in 0..<60 {
                life.live()
                if Int.random(in: 0..<3, using: &life.generator) == 0 {
                    life.observe(hasEvents: Bool.random(using: &life.generator))
                    let before = life.published
                    life.observe()
                    life.observe(hasEvents: false)
                    #expect(life.published.filter { $0 != "o" } == before.filter { $0 != "o" }, "seed \(seed)")
                }
            }
            #expect(
                try #/(s[huo]*e)*(s[huo]*|r)?/#.wholeMatch(in: life.published) != nil,
                "seed \(seed): \(life.published)"
            )
            if life.container == nil {
                life.observe()
                #expect(
                    try #/((s[huo]*e)+r)?/#.wholeMatch(in: life.published) != nil,
                    "seed \(seed): \(life.published)"
                )
            }
        }
    }
}
