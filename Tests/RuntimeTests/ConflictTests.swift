import JobContract
import Redis
import RuntimeCore
import Support
import Testing

@Suite("The owner of a game after a name conflict", .timeLimit(.minutes(2)))
struct ConflictTests {
    private func owner(_ game: GameID, _ world: WorkerWorld) async throws -> String? {
        try await world.client.send(RedisCommand("HGET", .string(world.keys.prefix + "owners"), .string(game.text)))
            .string
    }

    @Test("a start that finds a foreign container gives up the game and its node reservation")
    func foreign() async throws {
        try await WorkerWorld.with { world in
            try await world.withWorker { _ in
                _ = try await world.docker.run(WorkerWorld.spec(game: "g1", namespace: "another"))
                try await world.push(.start, "s1")
                #expect(try await world.result("s1").errorCode == "name_conflict")
                #expect(try await owner("g1", world) == nil)
                #expect(try await !world.holdsRoom("g1"))
            }
        }
    }

    @Test("a start that finds the game's own container with another spec changes nothing")
    func own() async throws {
        try await WorkerWorld.with { world in
            try await world.withWorker { _ in
                try await world.push(.start, "s1")
                #expect(try await world.result("s1").effect == .started)
                try await world.push(.start, "s2", more: #","env":{"A":"1"}"#)
                #expect(try await world.result("s2").errorCode == "name_conflict")
                #expect(try await owner("g1", world) == "n1")
                #expect(try await world.holdsRoom("g1"))
            }
        }
    }

    @Test("a start without effect keeps the game only if its container may exist")
    func ownership() {
        let conflict = JobEnding.failed(.nameConflict, "x")
        let foreign = SlotOutcome(kind: .start, ending: conflict)
        #expect(foreign.owner == .undo && foreign.freesReservation)
        let own = SlotOutcome(kind: .start, ending: conflict, stillRuns: true)
        #expect(own.owner == .keep && !own.freesReservation)
        let stop = SlotOutcome(kind: .stop, ending: conflict)
        #expect(stop.owner == .keep && !stop.freesReservation)
    }
}
