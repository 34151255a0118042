import JobContract
import Primitives
import Testing

@testable import Models
@testable import Support

/// A run without a flaw: a game that is started, stopped and removed, one that runs on, one that was superseded.
private func flawless() -> History {
    func time(_ seconds: Int64) -> Timestamp { Timestamp(seconds: seconds) }
    func result(
        _ id: JobID,
        _ game: GameID,
        _ effect: JobEffect,
        _ container: ContainerID?,
        _ begin: Int64,
        _ end: Int64
    ) -> History.Result {
        .init(
            id: id,
            game: game,
            outcome: .succeeded,
            effect: effect,
            containerID: container,
            takenAt: time(begin),
            finishedAt: time(end)
        )
    }
    func event(_ kind: LifecycleKind, _ container: ContainerID, _ game: GameID, _ epoch: Int64) -> History.Event {
        .init(
            kind: kind,
            containerID: container,
            game: game,
            node: "n",
            epoch: epoch,
            startedAt: kind == .removed ? nil : "2026-01-01T00:00:00Z",
            reason: kind == .exited ? "stopped" : nil,
            count: kind.isFrequent ? 1 : nil
        )
    }
    return History(
        pushes: [
            .init(id: "a1", kind: .start, game: "a"), .init(id: "b1", kind: .start, game: "b"),
            .init(id: "a2", kind: .stop, game: "a", supersedes: true),
            .init(id: "a3", kind: .remove, game: "a", supersedes: true),
            .init(id: "c1", kind: .start, game: "c"), .init(id: "c2", kind: .stop, game: "c", supersedes: true),
        ],
        results: [
            result("b1", "b", .started, "B", 1, 2), result("a1", "a", .started, "A", 1, 3),
            .init(id: "c1", game: "c", outcome: .superseded, effect: .none, takenAt: nil, finishedAt: time(3)),
            result("c2", "c", .alreadyAbsent, nil, 3, 4),
            result("a2", "a", .stopped, "A", 3, 4), result("a3", "a", .removed, "A", 4, 5),
        ],
        events: [
            event(.started, "B", "b", 1), event(.started, "A", "a", 1), event(.healthy, "A", "a", 1),
            event(.exited, "A", "a", 2), event(.removed, "A", "a", 2),
        ],
        running: ["B": "b"]
    )
}

@Suite("The checker of histories")
struct CheckerTests {
    @Test("accepts a correct history")
    func clean() {
        #expect(Checker.violations(of: flawless()) == [])
    }

    /// One flaw for each rule, and the rule that must see it.
    static let flaws: [(Checker.Rule, @Sendable (inout History) -> Void)] = [
        (.oneResult, { $0.results.removeAll { $0.id == "c2" } }),
        (.oneResult, { history in history.results.append(history.results[5]) }),
        (.asked, { $0.pushes.removeAll { $0.id == "b1" } }),
        (
            .order,
            { history in
                history.results.swapAt(4, 5)
                (history.results[4].takenAt, history.results[5].takenAt) = (nil, nil)
            }
        ),
        (.overlap, { $0.results[4].takenAt = Timestamp(seconds: 2) }),
        (.superseded, { $0.pushes[5].supersedes = false }),
        (.superseded, { $0.pushes[4].kind = .remove }),
        (.lifecycle, { $0.events.remove(at: 3) }),
        (.lifecycle, { history in history.events.insert(history.events[1], at: 2) }),
        (.lifecycle, { $0.events.swapAt(3, 4) }),
        (.lifecycle, { $0.running = [:] }),
        (.lifecycle, { $0.events[3].startedAt = "2026-01-02T00:00:00Z" }),
        (.lifecycle, { $0.events[3].reason = nil }),
        (.lifecycle, { $0.events[2].count = nil }),
        (.lifecycle, { $0.events[2].count = 0 }),
        (.lifecycle, { $0.events[3].count = 1 }),
        (.lifecycle, { history in history.events.insert(history.events[2], at: 3) }),
        (.oneResult, { history in history.pushes.append(.init(id: "a1", kind: .start, game: "a", run: 2)) }),
        (.epoch, { $0.events[4].epoch = 1 }),
        (.started, { $0.events.removeFirst() }),
        (.rest, { history in history.running["X"] = "a" }),
        (
            .rest,
            { history in
                history.events.removeFirst()
                history.running = [:]
            }
        ),
        (.empty, { $0.leftovers = ["lane a: a2"] }),
    ]

    @Test("finds each violation", arguments: flaws.indices)
    func flawed(_ index: Int) {
        let (rule, flaw) = Self.flaws[index]
        var history = flawless()
        flaw(&history)
        #expect(Checker.violations(of: history).map(\.rule).contains(rule))
    }

    @Test("excuses only data that Redis has forgotten")
    func forgotten() {
        var history = flawless()
        history.results.removeAll { $0.id == "c2" }
        history.pushes[5].mayBeLost = true
        #expect(Checker.violations(of: history) == [])
        history.results += [history.results[4], history.results[4]]
        history.pushes[3].mayBeLost = true
        #expect(Checker.violations(of: history).map(\.rule).contains(.oneResult))

        history = flawless()
        history.events.removeSubrange(1...)
        history.forgotten = [Timestamp(seconds: 3)...Timestamp(seconds: 9)]
        #expect(!Checker.violations(of: history).map(\.rule).contains(.started))
        history.forgotten = [Timestamp(seconds: 4)...Timestamp(seconds: 9)]
        #expect(Checker.violations(of: history).map(\.rule).contains(.started))
    }

    @Test("is tested with a violation of every rule")
    func complete() {
        #expect(Set((Self.flaws + HostCheckerTests.flaws).map(\.0)) == Set(Checker.Rule.allCases))
    }

    @Test(
        "checks the order of a container's events",
        arguments: [
            ("started exited removed", false, true), ("started", true, true), ("started exited", false, true),
            ("started exited started exited removed", false, true),
            ("started oom unhealthy exited removed", false, true),
            ("", false, true), ("started", false, false), ("exited removed", false, false), ("removed", false, false),
            ("started removed", false, false), ("started exited removed started", true, false),
            ("started started exited", false, false), ("started exited exited", false, false),
            ("started exited healthy removed", false, false),
        ]
    )
    func lifecycles(_ text: String, _ runs: Bool, _ isLifecycle: Bool) {
        let kinds = text.split(separator: " ").compactMap { LifecycleKind(rawValue: String($0)) }
        #expect(Checker.isLifecycle(kinds, mayGoOn: runs) == isLifecycle)
    }
}
