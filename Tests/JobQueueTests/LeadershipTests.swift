import JobContract
import JobQueue
import Primitives
import Redis
import Support
import Testing

@Suite("Leadership and publication on a real Redis", .timeLimit(.minutes(2)))
struct LeadershipTests {
    private func event(_ kind: LifecycleKind) -> LifecycleEvent {
        LifecycleEvent(
            kind: kind,
            action: nil,
            containerID: "c1",
            containerName: "n",
            gameID: "g1",
            jobID: "j1",
            image: "e",
            occurredAt: Timestamp(seconds: 1),
            labels: ["a": "b"]
        )
    }

    private func update(_ expected: String, _ mark: String, _ kinds: LifecycleKind...) -> LifecycleUpdate {
        LifecycleUpdate(
            containerID: "c1",
            gameID: "g1",
            expectedCheckpoint: expected,
            newCheckpoint: mark,
            entries: kinds.map(event)
        )
    }

    @Test("one worker of a node leads, epochs only increase, and an old term publishes nothing")
    func fencing() async throws {
        try await QueueWorld.with { world in
            let (one, two) = (world.worker("w1"), world.worker("w2"))
            guard case .granted(let epoch, nil) = try await one.lead(ttl: .seconds(5)) else {
                Issue.record("the first asks and leads")
                return
            }
            guard case .held(let remaining, epoch) = try await two.lead(ttl: .seconds(5)) else {
                Issue.record("the second follows")
                return
            }
            #expect(remaining <= .seconds(5))
            #expect(try await two.remainder(ofTerm: epoch) ?? .zero > .seconds(4))
            #expect(try await one.renew(epoch: epoch, ttl: .milliseconds(50)))
            #expect(try await one.publish([update("", "s1", .started)], epoch: epoch, cursor: "x") == [.published])
            var next: Int64 = 0
            while next == 0 {
                if case .granted(let granted, let cursor) = try await two.lead(ttl: .seconds(5)) {
                    #expect(cursor == "x")
                    next = granted
                }
            }
            #expect(next > epoch)
            #expect(try await one.renew(epoch: epoch, ttl: .seconds(5)) == false)
            #expect(try await one.remainder(ofTerm: epoch) == nil)
            await #expect(throws: Fenced.self) {
                try await one.publish([update("s1", "e1", .exited)], epoch: epoch, cursor: nil)
            }
            try await two.resign(epoch: next)
            guard case .granted(let last, _) = try await one.lead(ttl: .seconds(5)) else {
                Issue.record("after a resignation the lease is free at once")
                return
            }
            #expect(last > next)
        }
    }

    @Test("each lifecycle step is published once, whoever reports it")
    func once() async throws {
        try await QueueWorld.with { world in
            let worker = world.worker("w1")
            guard case .granted(let epoch, _) = try await worker.lead(ttl: .seconds(5)) else { return }
            #expect(try await worker.publish([update("", "s1", .started)], epoch: epoch, cursor: nil) == [.published])
            #expect(
                try await worker.publish([update("", "s1", .started)], epoch: epoch, cursor: nil) == [
                    .conflict(checkpoint: "s1")
                ]
            )
            #expect(try await worker.checkpoints() == ["c1": "s1"])
            #expect(
                try await worker.publish([update("s1", "", .exited, .removed)], epoch: epoch, cursor: nil) == [
                    .published
                ]
            )
            #expect(try await worker.checkpoints().isEmpty)
            #expect(try await worker.publish([update("", "s1", .started)], epoch: epoch, cursor: nil) == [.ended])
            let events = try await world.events()
            #expect(events.map { $0["event"] } == ["started", "exited", "removed"])
            #expect(
                events.allSatisfy {
                    $0["epoch"] == String(epoch) && $0["node"] == "n1" && $0["labels"] == #"{"a":"b"}"#
                }
            )
        }
    }

    @Test("a job's fact about a container lasts until its step is published, and is for one run only")
    func notes() async throws {
        try await QueueWorld.with { world in
            let worker = world.worker("w1")
            guard case .granted(let epoch, _) = try await worker.lead(ttl: .seconds(5)) else { return }
            try await worker.record(.started(checkpoint: "s0"), of: "c1")
            #expect(try await worker.startedContainers() == ["c1": "s0"])
            _ = try await worker.publish([update("", "s1", .started)], epoch: epoch, cursor: nil)
            try await worker.record(.started(checkpoint: "s0"), of: "c1")
            #expect(try await worker.startedContainers().isEmpty)
            try await worker.record(.forced(true), of: "c1")
            try await worker.record(.asked(jobID: "j", intent: "i"), of: "c1")
            #expect(try await worker.notes(of: ["c1", "c2"])["c1"] == ContainerNotes(asked: "i"))
            try await worker.record(.forced(true), of: "c1")
            try await worker.record(.exit("x"), of: "c1")
            let notes = try await worker.notes(of: ["c2", "c1"])
            #expect(notes["c1"] == ContainerNotes(asked: "i", isForced: true, exit: "x"))
            #expect(notes["c2"] == ContainerNotes())
            _ = try await worker.publish([update("s1", "e1", .exited)], epoch: epoch, cursor: nil)
            try await worker.record(.exit("y"), of: "c1")
            try await worker.record(.forced(false), of: "c1")
            #expect(try await worker.notes(of: ["c1"])["c1"] == ContainerNotes())
            _ = try await worker.publish([update("e1", "", .removed)], epoch: epoch, cursor: nil)
            try await worker.record(.asked(jobID: "j", intent: "i"), of: "c1")
            #expect(try await worker.notes(of: ["c1"])["c1"] == ContainerNotes())
        }
    }

    @Test("a job's first fact about a container that it stops remains until the job has ended")
    func intents() async throws {
        try await QueueWorld.with { world in
            let worker = world.worker("w1")
            try await world.push(QueueWorld.message(.stop, "j"))
            _ = try await world.intake(worker)
            #expect(try await worker.intent(ofJob: "j", toEnd: "c1") == nil)
            #expect(try await worker.record(.asked(jobID: "j", intent: "first"), of: "c1") == nil)
            #expect(try await worker.record(.asked(jobID: "j", intent: "second"), of: "c1") == "first")
            #expect(try await worker.notes(of: ["c1"])["c1"]?.asked == "first")
            #expect(try await worker.intent(ofJob: "j", toEnd: "c1") == "first")
            #expect(try await worker.intent(ofJob: "j", toEnd: "c2") == nil)
            // Another job, or one that nobody knows, has a word of its own.
            #expect(try await worker.record(.asked(jobID: "x", intent: "third"), of: "c1") == nil)
            #expect(try await worker.notes(of: ["c1"])["c1"]?.asked == "third")
            #expect(try await world.client.send(RedisCommand("EXISTS", .string(world.keys.job("x")))).integer == 0)
        }
    }

    @Test("a removed container counts as the job's only if that job may have created it")
    func claims() async throws {
        try await QueueWorld.with { world in
            let worker = world.worker("w1")
            for (job, fields) in [
                ("live" as JobID, ["_job", #"{"number":1,"kind":"start","game_id":"g","queue":"default","run":1}"#]),
                ("made", ["kind", "restart", "game_id", "g", "container_id", "c"]),
                ("failed", ["kind", "start", "game_id", "g"]), ("stop", ["kind", "stop", "game_id", "g"]),
                ("elsewhere", ["kind", "start", "game_id", "g", "container_id", "other"]),
                ("other-game", ["kind", "start", "game_id", "h"]),
            ] {
                let arguments = [RedisArgument.string(world.keys.job(job))] + fields.map { .string($0) }
                _ = try await world.client.send(RedisCommand("HSET", arguments: arguments))
            }
            for job: JobID in ["live", "made", "failed", "stop", "elsewhere", "other-game", "unknown"] {
                let claim = ContainerClaim(containerID: "c", gameID: "g", jobID: job)
                #expect(
                    try await worker.believable([claim]).isEmpty == !["live", "made", "failed"].contains(job),
                    "\(job)"
                )
            }
        }
    }

    @Test("a node reservation ends with the container, but a running job keeps its game's reservation")
    func reservations() async throws {
        try await QueueWorld.with { world in
            let worker = world.worker("w1")
            guard case .granted(let epoch, _) = try await worker.lead(ttl: .seconds(5)) else { return }
            _ = try await worker.publish([update("", "s1", .started)], epoch: epoch, cursor: nil)
            #expect(try await worker.reservations().mapValues(\.demand) == ["g1": QueueWorld.usual])
            _ = try await worker.publish([update("s1", "e1", .exited)], epoch: epoch, cursor: nil)
            #expect(try await worker.reservations().isEmpty)
            try await world.push(QueueWorld.message(.start, "j1", game: "g2"))
            try await world.intake(worker)
            #expect(try await world.claim(worker).count == 1)
            let small = Demand(cpu: 100, memory: 1 << 20)
            // A running job may need more than the container has now.
            func running(_ demand: Demand) -> [GameID: RunningGame] {
                let game = RunningGame(containerID: "c", demand: demand)
                return ["g2": game, "g4": game]
            }
            try await worker.correctReservations(free: ["g2", "g3"], taken: running(small), epoch: epoch)
            #expect(try await worker.reservations().mapValues(\.demand) == ["g2": QueueWorld.usual, "g4": small])
            let larger = Demand(cpu: 3_000, memory: 2 << 30)
            try await worker.correctReservations(free: [], taken: running(larger), epoch: epoch)
            #expect(try await worker.reservations().mapValues(\.demand) == ["g2": larger, "g4": larger])
            await #expect(throws: Fenced.self) {
                try await worker.correctReservations(free: ["g4"], taken: [:], epoch: epoch + 1)
            }
        }
    }
}
