import JobContract
import Primitives
import Redis
import Runtime
import Testing

@testable import Models
@testable import Support

/// A worker dies at every step at which one can; another goes on, and the outside sees nothing of it.
@Suite("A worker that dies at a failpoint", .engineWorld, .timeLimit(.minutes(15)))
struct FailpointTests {
    /// Where the worker dies, and during which jobs.
    struct Death: Sendable, CustomTestStringConvertible {
        var point: Failpoint
        var time = 1
        var plot = Plot.life

        var testDescription: String { "\(point.rawValue):\(time) in \(plot.rawValue)" }
    }

    /// What happens to the worker that is to die.
    enum Plot: String, Sendable {
        /// A game is started, stopped and removed.
        case life
        /// An image is to be pulled from where there is no registry.
        case retry
        /// The worker gets SIGTERM during a slow stop.
        case drain
        /// Another worker died before, and left a job behind.
        case takeOver
    }

    static let deaths = [
        Death(point: .messagesRead), Death(point: .messagesAdmitted), Death(point: .jobClaimed),
        Death(point: .startPrepared),
        // Create and start, stop, remove.
        Death(point: .engineChange), Death(point: .engineChange, time: 2), Death(point: .engineChange, time: 3),
        Death(point: .engineChange, time: 4),
        Death(point: .containerStarted), Death(point: .intentRecorded), Death(point: .containerStopped),
        // Of the start, of the stop, of the remove.
        Death(point: .beforeFinish), Death(point: .beforeFinish, time: 2), Death(point: .beforeFinish, time: 3),
        Death(point: .afterFinish), Death(point: .afterFinish, time: 2), Death(point: .afterFinish, time: 3),
        Death(point: .leaseGranted), Death(point: .beforeEmit), Death(point: .afterEmit),
        Death(point: .beforeEmit, time: 2), Death(point: .afterEmit, time: 2),
        Death(point: .beforeRetry, plot: .retry), Death(point: .afterRetry, plot: .retry),
        Death(point: .beforeRelease, plot: .drain), Death(point: .afterRelease, plot: .drain),
        Death(point: .left, plot: .drain),
        Death(point: .jobsReclaimed, plot: .takeOver),
    ]

    @Test("every failpoint is visited")
    func complete() {
        #expect(Set(Self.deaths.map(\.point)) == Set(Failpoint.allCases))
    }

    @Test("another worker finishes its jobs, once and in order", arguments: deaths)
    func dies(_ death: Death) async throws {
        let settings = [
            "RTM_LEASE_TTL_SECONDS": "3", "RTM_LEADER_TTL_SECONDS": "2", "RTM_DRAIN_TIMEOUT_SECONDS": "1",
            "RTM_ALLOWED_IMAGES": "127.0.0.1:*/**,**",
        ]
        try await Fleet.with(workers: 0, settings: settings, world: try #require(EngineWorld.current)) { fleet in
            var script = Script(fleet)
            try await script.prepare(death.plot)
            let victim = try await fleet.startWorker(
                ["RTM_TEST_CRASH_AT": "\(death.point.rawValue):\(death.time)"],
                untilReady: false
            )
            try await script.play(death.plot, until: victim)
            #expect(
                await victim.process.waitForExit(atMost: .seconds(30)) == 137,
                "\(victim.process.log.suffix(2_000))"
            )
            try await fleet.startWorker()
            try await script.push(.remove, "last", #""force":true,"stop_timeout_seconds":1"#)
            _ = try await fleet.result(of: "last", within: .seconds(40))
            let history = try await atRest(fleet, script.pushes)
            #expect(Checker.violations(of: history) == [])
        }
    }

    /// The history after the last event of every container.
    private func atRest(_ fleet: Fleet, _ pushes: [History.Push]) async throws -> History {
        var history = History()
        do {
            try await eventually("the last events", within: .seconds(15)) {
                history = try await History(of: fleet, pushes: pushes)
                return Checker.violations(of: history).isEmpty
            }
        } catch is Overdue {
            // The checker says what is missing.
        }
        return history
    }
}

/// What is pushed around a death.
private struct Script {
    let fleet: Fleet
    private(set) var pushes: [History.Push] = []

    init(_ fleet: Fleet) { self.fleet = fleet }

    mutating func push(_ kind: JobKind, _ id: JobID, _ more: String = "", image: String? = nil) async throws {
        let message =
            kind == .start
            ? fleet.start(id, game: "g", image: image, more) : Fleet.message(kind, id, game: "g", more)
        try await fleet.push(message)
        pushes.append(.init(id: id, kind: kind, game: "g", supersedes: kind == .stop || kind == .remove))
    }

    /// What is there before the worker begins that is to die.
    mutating func prepare(_ plot: FailpointTests.Plot) async throws {
        switch plot {
        case .life: break
        case .retry:
            let image = #""image":"127.0.0.1:1/none:1","max_attempts":2"#
            try await fleet.push(Fleet.message(.start, "p", game: "g", image))
            pushes.append(.init(id: "p", kind: .start, game: "g"))
        case .drain:
            let first = try await fleet.startWorker()
            try await push(.start, "s", image: fleet.world.stubbornImage)
            _ = try await fleet.result(of: "s")
            first.terminate()
            _ = await first.process.waitForExit()
            try await push(.stop, "t", #""stop_timeout_seconds":5"#)
        case .takeOver:
            let first = try await fleet.startWorker()
            try await push(.start, "s")
            _ = try await fleet.runner(of: "s")
            await first.kill9()
        }
    }

    /// What it does while it lives. Each job waits for the one before: a stop would make a waiting start pointless.
    mutating func play(_ plot: FailpointTests.Plot, until victim: WorkerProcess) async throws {
        switch plot {
        case .retry, .takeOver: return
        case .drain:
            try await eventually(
                "the stop to run, or the worker to die",
                within: .seconds(20),
                until: { !victim.process.isRunning || $0["state"] == "running" }
            ) {
                try await fleet.record(of: "t")
            }
            victim.terminate()
        case .life:
            for (kind, id) in [(JobKind.start, "s" as JobID), (.stop, "t"), (.remove, "r")]
            where victim.process.isRunning {
                try await push(kind, id, kind == .stop ? #""stop_timeout_seconds":1"# : "")
                try await eventually(
                    "the end of \(id), or of the worker",
                    within: .seconds(30),
                    until: { !victim.process.isRunning || $0["outcome"] != nil }
                ) {
                    try await fleet.record(of: id)
                }
            }
        }
    }
}
