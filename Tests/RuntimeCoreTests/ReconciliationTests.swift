import DockerPort
import JobContract
import Primitives
import Testing

@testable import RuntimeCore

@Suite("Containers to inspect after a list by Docker")
struct ReconciliationTests {
    private func row(_ id: ContainerID, _ status: String, game: GameID = "g", health: String = "") -> ContainerSummary {
        ContainerSummary(
            id: id,
            name: "n",
            imageRef: "e",
            hostname: "",
            labels: [GalaxyLabel.gameID: game.text],
            status: status,
            health: health,
            startedAt: nil
        )
    }

    private func suspects(
        _ rows: [ContainerSummary],
        _ checkpoints: [ContainerID: Checkpoint],
        started: Set<ContainerID> = [],
        isThorough: Bool = false,
        ours: [ContainerID: Bool] = [:]
    ) -> [ContainerID] {
        Reconciliation(
            containers: rows,
            ours: ours,
            checkpoints: checkpoints,
            started: started,
            isThorough: isThorough,
            reservations: [:],
            running: [:]
        )
        .suspects
    }

    @Test("are those that differ, and all that may have restarted if events may be missing")
    func differences() {
        let rows = [
            row("new", "running"), row("runs", "running"), row("ended", "exited"), row("over", "exited"),
            row("again", "running"), row("made", "created"), row("sick", "running", health: "unhealthy"),
            row("well", "running", health: "healthy"),
        ]
        let checkpoints: [ContainerID: Checkpoint] = [
            "runs": checkpoint(t0), "ended": checkpoint(t0), "over": checkpoint(t0, exited: t1),
            "again": checkpoint(t0, exited: t1),
            "sick": checkpoint(t0, health: .healthy), "well": checkpoint(t0, health: .healthy), "gone": checkpoint(t0),
        ]
        #expect(suspects(rows, checkpoints, started: ["lost"]) == ["gone", "lost", "ended", "new", "again", "sick"])
        #expect(
            Set(suspects(rows, checkpoints, started: ["lost"], isThorough: true))
                == ["gone", "lost", "ended", "new", "again", "sick", "runs", "over", "well"]
        )
        // What was looked at and is not ours is not looked at again.
        #expect(suspects(rows, [:], ours: ["new": false, "runs": true]).contains("runs"))
        #expect(!suspects(rows, [:], isThorough: true, ours: ["new": false]).contains("new"))
    }

    @Test("reserve node capacity for games with a running container")
    func reservations() {
        let (small, large) = (Demand(cpu: 100, memory: 1), Demand(cpu: 1_000, memory: 2))
        func running(_ demand: Demand, port: Int? = nil) -> RunningGame {
            RunningGame(containerID: "c", demand: demand, port: port)
        }
        func held(_ demand: Demand, port: Int? = nil) -> NodeReservation {
            NodeReservation(demand: demand, containerID: "c", port: port)
        }
        let found = Reconciliation(
            containers: [
                row("a", "running", game: "a"), row("b", "exited", game: "b"), row("c", "paused", game: "c"),
                row("e", "running", game: "e"), row("f", "running", game: "f"), row("g", "restarting", game: "g"),
                row("i", "running", game: "i"), row("j", "running", game: "j"),
            ],
            ours: ["a": true, "c": true, "e": false, "g": true],
            checkpoints: [:],
            started: [],
            isThorough: false,
            reservations: [
                "a": held(large), "b": held(small), "d": held(small), "e": held(small), "f": held(small),
                "h": held(small), "i": held(small), "j": held(small, port: 30_001),
            ],
            running: [
                "a": running(small), "c": running(small), "g": running(large), "x": running(small),
                "i": running(small, port: 9), "j": running(small, port: 30_000),
            ],
            ports: 30_000...30_009
        )
        #expect(found.surplusReservations == ["b", "d", "e", "h"])
        // Of a game without a running container nobody knows what it needs.
        // A port outside of the node's range is not counted.
        #expect(
            found.wrongReservations == [
                "a": running(small), "c": running(small), "g": running(large), "j": running(small, port: 30_000),
            ]
        )
    }
}
