import JobContract
import JobQueue
import Primitives
import Redis
import Support
import Testing

@Suite("Stops that supersede starts, on a real Redis", .timeLimit(.minutes(2)))
struct SupersedingTests {
    @Test("a stop goes to the node that owns the game, and wakes its worker")
    func owners() async throws {
        try await QueueWorld.with { world in
            let (here, there) = (world.worker("w1", node: "n1"), world.worker("w2", node: "n2"))
            try await here.announce([])
            try await there.announce([OwnedGame(gameID: "g2", isRunning: true)])
            try await world.push(QueueWorld.message(.start, "s1", game: "g1"))
            try await world.intake(here)
            let started = try #require(try await world.claim(here).first)
            try await world.finish(here, started)
            // Both are parked now; the other node's worker admits the stops.
            #expect(try await world.claim(here).isEmpty)
            try await world.push(
                QueueWorld.message(.stop, "t1", game: "g1"),
                QueueWorld.message(.stop, "t2", game: "g2")
            )
            try await world.intake(there)
            #expect(try await world.claim(there).map(\.id) == ["t2"])
            let bell = try await world.client.send(RedisCommand("LRANGE", .string(world.keys.doorbell("w1")), 0, -1))
            #expect(bell.array?.compactMap(\.string) == ["ready"])
            #expect(try await world.claim(here).map(\.id) == ["t1"])
        }
    }

    @Test("a stop supersedes waiting starts and cancels a running one")
    func supersede() async throws {
        try await QueueWorld.with { world in
            let worker = world.worker("w1")
            try await worker.announce([])
            for id: JobID in ["s1", "s2", "s3"] { try await world.push(QueueWorld.message(.start, id)) }
            try await world.intake(worker)
            let running = try #require(try await world.claim(worker).first)
            try await world.push(QueueWorld.message(.stop, "t1"), QueueWorld.message(.start, "s4"))
            try await world.intake(worker)
            #expect(
                try await worker.extend([HeldJob(id: "s1", token: running.token)], docker: .answers).answers == [
                    .cancel
                ]
            )
            let bell = try await world.client.send(RedisCommand("LRANGE", .string(world.keys.doorbell("w1")), 0, -1))
            #expect(bell.array?.compactMap(\.string) == ["cancel"])
            try await world.finish(worker, running, JobEnding(.superseded), owner: .undo, freesReservation: true)
            let stop = try await world.claim(worker)
            #expect(stop.map(\.id) == ["t1"])
            #expect(try await world.results().map(\.jobID) == ["s1", "s2", "s3"])
            #expect(try await world.results().map(\.outcome) == [.superseded, .superseded, .superseded])
            try await world.finish(worker, stop[0], JobEnding(.succeeded, effect: .alreadyAbsent))
            #expect(try await world.claim(worker).map(\.id) == ["s4"])
        }
    }

    @Test("a superseded start whose worker died is undone by its node before it ends")
    func supersededAfterCrash() async throws {
        try await QueueWorld.with(options: JobQueueOptions(lease: .milliseconds(50))) { world in
            let (dead, alive, other) = (world.worker("w1"), world.worker("w2"), world.worker("w3", node: "n2"))
            for worker in [dead, alive, other] { try await worker.announce([]) }
            try await world.push(QueueWorld.message(.start, "s1"))
            try await world.intake(dead)
            _ = try await world.claim(dead)
            var reclaimed = 0
            while reclaimed == 0 { reclaimed = try await alive.sweep().leasesReclaimed }
            try await world.push(QueueWorld.message(.remove, "r1"))
            try await world.intake(alive)
            #expect(try await world.claim(other).isEmpty)
            let undo = try await world.claim(alive)
            #expect(undo.map(\.id) == ["s1"] && undo[0].undo == .superseded)
            #expect(try await world.results().isEmpty)
            try await world.finish(alive, undo[0], JobEnding(.superseded), owner: .undo, freesReservation: true)
            #expect(try await world.claim(alive).map(\.id) == ["r1"])
        }
    }

    @Test("one call ends superseded starts and claims the stop behind them")
    func stopBehindSuperseded() async throws {
        try await QueueWorld.with { world in
            let worker = world.worker("w1")
            try await worker.announce([OwnedGame(gameID: "g1", isRunning: true)])
            try await world.push(QueueWorld.message(.start, "s1"), QueueWorld.message(.stop, "t1"))
            try await world.intake(worker)
            #expect(try await world.claim(worker).map(\.id) == ["t1"])
            #expect(try await world.results().map(\.outcome) == [.superseded])
        }
    }

    @Test("a guarded or expired stop supersedes nothing; a job past its deadline ends as expired")
    func deadlines() async throws {
        try await QueueWorld.with { world in
            let worker = world.worker("w1")
            let past = #","deadline":"2020-01-01T00:00:00Z""#
            let guarded = #","container_id":"\#(String(repeating: "a", count: 64))""#
            try await world.push(
                QueueWorld.message(.start, "s0", more: past),
                QueueWorld.message(.start, "s1"),
                QueueWorld.message(.stop, "t1", more: past),
                QueueWorld.message(.stop, "t2", more: guarded)
            )
            try await world.intake(worker)
            #expect(try await world.claim(worker).map(\.id) == ["s1"])
            #expect(try await world.results().map(\.outcome) == [.expired])
        }
    }
}
