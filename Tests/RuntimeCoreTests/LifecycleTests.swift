import DockerPort
import JobContract
import Primitives
import Testing

@testable import RuntimeCore

@Suite("Lifecycle steps of a container")
struct LifecycleTests {
    private func steps(_ checkpoint: Checkpoint?, _ container: ContainerInspect?, _ hints: DockerEvent...)
        -> [LifecycleStep]
    {
        let record = ContainerRecord(isClaimBelieved: true)
        return LifecycleSteps.missing(after: checkpoint, seeing: observation(container, hints: hints), knowing: record)
    }

    @Test("publishes exactly the missing steps")
    func missing() {
        let running = inspected("running")
        let exited = inspected("exited", finishedAt: t1, exitCode: 3)
        let restarted = inspected("running", startedAt: t2, finishedAt: t1)
        let end = LifecycleStep.exited(ExitFacts(startedAt: t0, finishedAt: t1, exitCode: 3, oomKilled: false))
        let unseen = LifecycleStep.exited(ExitFacts(startedAt: t0))
        #expect(steps(nil, nil) == [])
        #expect(steps(nil, inspected("created", startedAt: nil)) == [])
        #expect(steps(nil, running) == [.started(t0)])
        #expect(steps(checkpoint(t0), running) == [])
        #expect(steps(nil, exited) == [.started(t0), end])
        #expect(steps(checkpoint(t0), exited) == [end])
        #expect(steps(checkpoint(t0, exited: t1), exited) == [])
        #expect(steps(checkpoint(t0, exited: t1), restarted) == [.started(t2)])
        #expect(steps(checkpoint(t0), restarted) == [.exited(ExitFacts(startedAt: t0, finishedAt: t1)), .started(t2)])
        #expect(steps(checkpoint(t0), nil) == [unseen, .removed])
        #expect(steps(checkpoint(t0, exited: t1), nil) == [.removed])
    }

    @Test("an older observation after a newer one changes nothing")
    func stale() {
        #expect(steps(checkpoint(t0, exited: t1), inspected("running")) == [])
    }

    @Test("a process whose end time is before its start time has one start and one exit")
    func endsBeforeItBegins() {
        let quick = inspected("exited", startedAt: t1, finishedAt: t0, exitCode: 3)
        let end = LifecycleStep.exited(ExitFacts(startedAt: t1, finishedAt: t0, exitCode: 3, oomKilled: false))
        #expect(steps(nil, quick) == [.started(t1), end])
        #expect(steps(checkpoint(t1), quick) == [end])
        #expect(steps(checkpoint(t1, exited: t0), quick) == [])
    }

    @Test("a change of health is published, and health starts afresh with each run")
    func health() {
        let healthy = inspected("running", health: "healthy")
        #expect(steps(nil, healthy) == [.started(t0), .health(.healthy)])
        #expect(steps(checkpoint(t0), healthy) == [.health(.healthy)])
        #expect(steps(checkpoint(t0, health: .healthy), healthy) == [])
        #expect(steps(checkpoint(t0, health: .healthy), inspected("running", health: "starting")) == [])
        #expect(
            steps(checkpoint(t0, health: .healthy), inspected("running", health: "unhealthy")) == [.health(.unhealthy)]
        )
        let restarted = inspected("running", startedAt: t2, finishedAt: t1, health: "healthy")
        #expect(steps(checkpoint(t0, exited: t1, health: .healthy), restarted) == [.started(t2), .health(.healthy)])
        let ended = inspected("exited", finishedAt: t1, health: "unhealthy")
        #expect(steps(checkpoint(t0, exited: t1, health: .healthy), ended) == [])
    }

    @Test("an out-of-memory kill is published once in its run, and before the exit that it caused")
    func ooms() {
        let at = Timestamp(seconds: 1_500)
        let running = inspected("running")
        #expect(steps(checkpoint(t0), running, hint("oom", at: at), hint("oom", at: at)) == [.oom([at])])
        #expect(steps(checkpoint(t0, ooms: [at]), running, hint("oom", at: at)) == [])
        #expect(steps(checkpoint(t0, exited: t1), inspected("exited", finishedAt: t1), hint("oom", at: at)) == [])
        let killed = inspected("exited", finishedAt: t1, exitCode: 137, oomKilled: true)
        let end = LifecycleStep.exited(ExitFacts(startedAt: t0, finishedAt: t1, exitCode: 137, oomKilled: true))
        #expect(steps(checkpoint(t0), killed, hint("oom", at: at), hint("die", at: t1)) == [.oom([at]), end])
        #expect(steps(checkpoint(t0, ooms: [at]), killed) == [end])
        #expect(steps(checkpoint(t0), killed) == [.oom([]), end])
        // The flag of a container that runs may be that of its run before.
        #expect(steps(checkpoint(t2), inspected("running", startedAt: t2, finishedAt: t1, oomKilled: true)) == [])
        let restarted = inspected("running", startedAt: t2, finishedAt: t1)
        #expect(
            steps(checkpoint(t0), restarted, hint("oom", at: at))
                == [.oom([at]), .exited(ExitFacts(startedAt: t0, finishedAt: t1)), .started(t2)]
        )
        let many = (0..<20).map { Timestamp(seconds: 1_100 + $0) }
        var last = checkpoint(t0)
        for time in many { last = last.after(.oom([time]), found: seen) ?? last }
        #expect(last.ooms == Array(many.suffix(Checkpoint.mostOOMs)))
        #expect(steps(last, running, hint("oom", at: many[0])) == [])
        // The kernel may count one want of memory many times.
        let steps = LifecycleSteps.missing(
            after: checkpoint(t0),
            seeing: observation(killed, hints: many.map { hint("oom", at: $0) })
        )
        #expect(steps == [.oom(many), end])
    }

    @Test("a container that nobody observed has the steps that a job or an event reports")
    func unseen() {
        let die = hint("die", at: t1)
        #expect(steps(nil, nil, hint("start", at: t0), die) == [.started(nil), .exited(ExitFacts()), .removed])
        #expect(steps(nil, nil, die) == [.started(nil), .exited(ExitFacts()), .removed])
        #expect(steps(nil, nil, hint("destroy", at: t1)) == [])
        // Whoever runs an image with our labels makes events that claim to be of a game.
        #expect(LifecycleSteps.missing(after: nil, seeing: observation(nil, hint("start", at: t0), die)) == [])
        let exit = ExitFacts(startedAt: t0, finishedAt: t1, exitCode: 3, oomKilled: false)
        let record = ContainerRecord(started: checkpoint(t0), lastExit: exit)
        let steps = LifecycleSteps.missing(after: nil, seeing: observation(nil), knowing: record)
        #expect(steps == [.started(t0), .exited(exit), .removed])
        #expect(
            LifecycleSteps.missing(after: checkpoint(t0), seeing: observation(nil), knowing: record) == [
                .exited(exit), .removed,
            ]
        )
        let other = ContainerRecord(lastExit: ExitFacts(startedAt: t2, finishedAt: t2, exitCode: 1))
        #expect(
            LifecycleSteps.missing(after: checkpoint(t0), seeing: observation(nil), knowing: other)
                == [.exited(ExitFacts(startedAt: t0)), .removed]
        )
    }

    @Test("checkpoints and exits decode to the encoded values")
    func encoding() {
        let checkpoints = [
            checkpoint(t0), checkpoint(nil), checkpoint(t0, exited: t1, health: .unhealthy, ooms: [t0, t1]),
            Checkpoint(
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
        for checkpoint in checkpoints { #expect(Checkpoint(encoded: checkpoint.encoded) == checkpoint) }
        for text in ["", "s", "x\n\n\n\n\n\n\n\n\n{}", "e\n\n\n\n\n\n\n\n\n{}", "s\n\n\n\n\n\n\n\n\n["] {
            #expect(Checkpoint(encoded: text) == nil)
        }
        let exits = [ExitFacts(), ExitFacts(startedAt: t0, finishedAt: t1, exitCode: -1, oomKilled: true)]
        for exit in exits { #expect(ExitFacts(encoded: exit.encoded) == exit) }
    }
}
