import JobContract
import Primitives
import Testing

@testable import Models
@testable import Support

private func time(_ seconds: Int64, _ milliseconds: Int32 = 0) -> Timestamp {
    Timestamp(seconds: seconds, nanoseconds: milliseconds * 1_000_000)
}

/// A node with three slots and 350 bytes, which has promised 100 bytes for each of these containers.
private func reserved(_ node: NodeID, _ at: Timestamp, _ containers: [ContainerID?]) -> History.Reservations {
    .init(
        node: node,
        at: at,
        promises: containers.map { .init(memory: 100, containerID: $0) },
        used: Int64(100 * containers.count),
        slots: 3,
        capacity: 350
    )
}

/// A night without a flaw. Node n runs the games a, b and c, and is lost from 10 to 21, cut off with its containers.
/// Game a is started again on node m, b is stopped, c is left alone. At 20 node n has contact again. It ends the old
/// containers of a and b within a second, then takes a job.
private func flawless() -> History {
    func result(
        _ id: JobID,
        _ game: GameID,
        _ node: NodeID,
        _ effect: JobEffect,
        _ container: ContainerID?,
        _ begin: Int64,
        code: ErrorCode? = nil
    ) -> History.Result {
        .init(
            id: id,
            game: game,
            outcome: code == nil ? .succeeded : .failed,
            effect: effect,
            containerID: container,
            takenAt: code == nil ? time(begin) : nil,
            finishedAt: time(begin + 1),
            node: node,
            code: code?.rawValue
        )
    }
    func run(_ id: ContainerID, _ game: GameID, _ node: NodeID, _ from: Timestamp, _ to: Timestamp) -> History.Run {
        .init(containerID: id, game: game, node: node, memory: 100, from: from, to: to)
    }
    var history = History()
    history.pushes = [
        .init(id: "a1", kind: .start, game: "a"), .init(id: "b1", kind: .start, game: "b"),
        .init(id: "c1", kind: .start, game: "c"), .init(id: "a2", kind: .start, game: "a"),
        .init(id: "b2", kind: .stop, game: "b", supersedes: true), .init(id: "b3", kind: .start, game: "b"),
    ]
    history.results = [
        result("a1", "a", "n", .started, "A", 1), result("b1", "b", "n", .started, "B", 1),
        result("c1", "c", "n", .started, "C", 1), result("a2", "a", "m", .started, "D", 11),
        result("b2", "b", "m", .none, nil, 12, code: .nodeLost), result("b3", "b", "n", .started, "E", 22),
    ]
    history.running = ["C": "c", "D": "a", "E": "b"]
    for (id, game, node) in [("A", "a", "n"), ("B", "b", "n"), ("C", "c", "n"), ("D", "a", "m"), ("E", "b", "n")] {
        let isOver = id == "A" || id == "B"
        for kind in isOver ? [LifecycleKind.started, .exited] : [.started] {
            history.events.append(
                .init(
                    kind: kind,
                    containerID: ContainerID(id),
                    game: GameID(game),
                    node: NodeID(node),
                    epoch: 1,
                    startedAt: "2026-01-01T00:00:00Z",
                    reason: kind == .exited ? "stopped" : nil
                )
            )
        }
    }
    history.hosts.runs = [
        run("A", "a", "n", time(1, 500), time(20, 900)), run("B", "b", "n", time(1, 500), time(20, 950)),
        run("C", "c", "n", time(1, 500), time(30)), run("D", "a", "m", time(11, 500), time(30)),
        run("E", "b", "n", time(22, 500), time(30)),
    ]
    history.hosts.losses = [.init(node: "n", from: time(10), seen: time(20, 980), until: time(21))]
    history.hosts.contacts = ["n": [time(0), time(20)], "m": [time(0)]]
    history.hosts.reservations = [
        reserved("n", time(5), ["A", "B", "C"]), reserved("m", time(15), [nil]),
        // Node n tells late of the container B.
        reserved("n", time(23), ["B", "C", "E", nil]),
    ]
    return history
}

@Suite("The checker of histories of several hosts")
struct HostCheckerTests {
    @Test("accepts a correct history")
    func clean() {
        #expect(Checker.violations(of: flawless()) == [])
    }

    /// One flaw for each way to break a rule, and the rule that must see it.
    static let flaws: [(Checker.Rule, @Sendable (inout History) -> Void)] = [
        // The lost node ends a job, or takes one.
        (.lostNode, { $0.results[3].node = "n" }),
        (.lostNode, { $0.results[5].takenAt = time(20, 500) }),
        // The node takes a job while the container of a game that has moved, or was stopped, runs on.
        (.returned, { $0.hosts.runs[0].to = time(22, 500) }),
        (.returned, { $0.hosts.runs[1].to = time(22, 500) }),
        // The same where the start elsewhere has failed.
        (
            .returned,
            { history in
                (history.results[3].outcome, history.results[3].effect) = (.failed, .none)
                history.hosts.runs.remove(at: 3)
                history.hosts.runs[0].to = time(22, 500)
            }
        ),
        // Two containers of a game without a loss: on two nodes, and on one.
        (.sideBySide, { $0.hosts.losses = [] }),
        (.sideBySide, { $0.hosts.runs[3].from = time(9) }),
        (.sideBySide, { $0.hosts.runs[3].node = "n" }),
        // The node has contact, and the old container runs on and on.
        (
            .sideBySide,
            { history in
                history.hosts.contacts["n"] = [time(0), time(7)]
                history.hosts.runs[0].to = time(25)
            }
        ),
        (
            .sideBySide,
            { history in
                history.hosts.runs[0].to = time(34)
                history.hosts.runs[3].to = time(34)
            }
        ),
        // The node has returned with a game that was stopped, here or after its move.
        (.adopted, { $0.hosts.runs[1].to = time(21, 500) }),
        (
            .adopted,
            { history in
                (history.results[3].effect, history.results[3].containerID) = (.removed, nil)
                history.hosts.runs[0].to = time(21, 500)
            }
        ),
        // The stop ended `node_lost`, and what it asked for never came true.
        (
            .rest,
            { history in
                history.results.removeLast()
                history.events.removeAll { $0.containerID == "E" || $0.containerID == "B" && $0.kind == .exited }
                (history.running["E"], history.running["B"]) = (nil, "b")
            }
        ),
        (.capacity, { $0.hosts.reservations[1].promises[0].memory = 400 }),
        (
            .capacity,
            { history in
                history.hosts.reservations[1].promises[0].memory = 400
                history.hosts.reservations[1].used = 400
            }
        ),
        (.capacity, { $0.hosts.reservations[0].slots = 2 }),
        (.capacity, { $0.hosts.reservations[2].promises[0].containerID = nil }),
        (.capacity, { $0.hosts.reservations[0].used = 200 }),
        (.capacity, { $0.hosts.runs[4].memory = 251 }),
        (
            .capacity,
            { history in
                history.hosts.reservations = [reserved("n", time(5), [])]
                history.hosts.reservations[0].slots = 2
            }
        ),
    ]

    @Test("finds each violation", arguments: flaws.indices)
    func flawed(_ index: Int) {
        let (rule, flaw) = Self.flaws[index]
        var history = flawless()
        flaw(&history)
        #expect(Checker.violations(of: history).map(\.rule).contains(rule))
    }

    @Test("excuses what a lost node may do")
    func allowed() {
        // Any worker ends a job whose time is over, and a poisoned job names the node that had it.
        var history = flawless()
        for (outcome, code) in [(JobOutcome.expired, nil), (.failed, ErrorCode.poisoned)] {
            history.results[4] = .init(
                id: "b2",
                game: "b",
                outcome: outcome,
                effect: .none,
                finishedAt: time(13),
                node: "n",
                code: code?.rawValue
            )
            history.hosts.runs[1].to = time(22)
            #expect(Checker.violations(of: history).map(\.rule).contains(.lostNode) == false)
        }
        // A loss that has not ended, and a node without contact.
        history = flawless()
        history.hosts.losses[0].until = nil
        history.hosts.contacts["n"] = []
        history.hosts.runs[0].to = time(30)
        history.results.removeLast()
        #expect(!Checker.violations(of: history).contains { [.sideBySide, .adopted, .returned].contains($0.rule) })
    }
}
