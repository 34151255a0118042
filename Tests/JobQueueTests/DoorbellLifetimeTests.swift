import JobContract
import JobQueue
import QueueAdmin
import Redis
import Support
import Testing

@Suite("Doorbells and marks of workers that die, on a real Redis", .timeLimit(.minutes(2)))
struct DoorbellLifetimeTests {
    /// The words in a worker's doorbell, and the doorbell's time to live in ms.
    private func bell(_ name: String, _ world: QueueWorld) async throws -> (words: [String], left: Int64) {
        let key = RedisArgument.string(world.keys.doorbell(name))
        let words = (try await world.client.send(RedisCommand("LRANGE", key, 0, -1)).array ?? []).compactMap(\.string)
        let left = try await world.client.send(RedisCommand("PTTL", key)).integer ?? -2
        return (words, left)
    }

    private func expectBell(_ name: String, _ word: String, _ world: QueueWorld) async throws {
        let (words, left) = try await bell(name, world)
        #expect(words == [word])
        #expect((1...60_000).contains(left), "the doorbell of a dead worker would stay for good")
    }

    @Test("a doorbell for a ready job is forgotten after a minute")
    func ready() async throws {
        try await QueueWorld.with { world in
            let (idle, busy) = (world.worker("idle"), world.worker("busy", node: "n2"))
            try await idle.announce([])
            try await busy.announce([])
            #expect(try await world.claim(idle).isEmpty)
            try await world.push(QueueWorld.message(.stop, "t1"))
            try await world.intake(busy)
            let job = try #require(try await world.claim(busy, starts: 0, stops: 1).first)
            try await busy.release([job.held], remains: .nothing)
            try await expectBell("idle", "ready", world)
        }
    }

    @Test("a doorbell for a cancelled job is forgotten after a minute")
    func cancelled() async throws {
        try await QueueWorld.with { world in
            let (one, two) = (world.worker("one"), world.worker("two", node: "n2"))
            try await world.push(QueueWorld.message(.start, "s1"))
            try await world.intake(one)
            #expect(try await world.claim(one).map(\.id) == ["s1"])
            try await world.push(QueueWorld.message(.stop, "t1"))
            try await world.intake(two)
            try await expectBell("one", "cancel", world)
        }
    }

    @Test("a doorbell for a resigned leader is forgotten after a minute, and a resigned term ends at once")
    func resigned() async throws {
        try await QueueWorld.with { world in
            let (one, two) = (world.worker("one"), world.worker("two"))
            try await one.announce([])
            try await two.announce([])
            guard case .granted(let epoch, _) = try await one.lead(ttl: .seconds(60)) else { return }
            #expect(try await two.remainder(ofTerm: epoch) != nil)
            try await one.resign(epoch: epoch)
            try await expectBell("two", "leader", world)
            #expect(try await two.remainder(ofTerm: epoch) == nil)
        }
    }

    @Test("the doorbell of a worker that leaves is gone")
    func left() async throws {
        try await QueueWorld.with { world in
            let worker = world.worker("one")
            try await worker.announce([])
            _ = try await world.client.send(RedisCommand("RPUSH", .string(world.keys.doorbell("one")), "ready"))
            try await worker.deregister()
            #expect(try await bell("one", world).words == [])
        }
    }

    @Test("a cancellation and the progress end with the attempt, also if the worker dies")
    func outlived() async throws {
        try await QueueWorld.with(options: JobQueueOptions(lease: .milliseconds(20))) { world in
            let (dead, next) = (world.worker("dead"), world.worker("next"))
            try await world.push(QueueWorld.message(.start, "s1"))
            try await world.intake(dead)
            let job = try #require(try await world.claim(dead).first)
            try await dead.show(JobProgress(.starting), of: job.held)
            try await world.push(QueueWorld.message(.stop, "t1"))
            try await world.intake(next)
            #expect(try await world.hash(world.keys.job("s1"))["_cancel"] == "1")
            try await eventually("the end of the lease") { try await next.sweep().leasesReclaimed == 1 }
            let record = try await world.hash(world.keys.job("s1"))
            #expect(record["_cancel"] == nil)
            #expect(record["_progress"] == nil)
            // The next attempt undoes the start, and is not cancelled.
            let undo = try #require(try await world.claim(next).first)
            #expect(undo.undo == .superseded)
            #expect(try await next.extend([undo.held], docker: .answers).answers == [.ok])
        }
    }

    @Test("the message of a lost record is gone, too")
    func lostRecord() async throws {
        try await QueueWorld.with { world in
            let worker = world.worker("one")
            try await world.push(QueueWorld.message(.start, "s1"), QueueWorld.message(.start, "s2"))
            try await world.intake(worker)
            let lost = [world.keys.job("s1"), world.keys.job("s2")].map { RedisArgument.string($0) }
            _ = try await world.client.send(RedisCommand("DEL", arguments: lost))
            #expect(try await world.claim(worker).isEmpty)
            let names = try await world.client.send(RedisCommand("KEYS", "*message:*")).array ?? []
            #expect(names.isEmpty)
            #expect(try await world.liveCount() == 0)
        }
    }
}

@Suite("Dead letters of failed jobs, on a real Redis", .timeLimit(.minutes(1)))
struct FailedJobTests {
    /// Failures that tell the producer of the world as it is. Nobody has anything to fix.
    private static let refusals: Set<ErrorCode> = [
        .nameConflict, .containerRunning, .staleContainer, .containerNotFound,
    ]

    @Test("are those of every code that a person may fix, and of no other")
    func codes() async throws {
        try await QueueWorld.with { world in
            let worker = world.worker("w1")
            for code in ErrorCode.allCases {
                try await world.push(QueueWorld.message(.start, "j-\(code.rawValue)"))
                try await world.intake(worker)
                let job = try #require(try await world.claim(worker).first)
                try await world.finish(worker, job, .failed(code, "x"), owner: .undo, freesReservation: true)
                let state = try await world.hash(world.keys.job(job.id))["state"]
                #expect(state == (Self.refusals.contains(code) ? "done" : "dead"), "\(code)")
            }
            let buried = try await worker.deadLetters(limit: 100).map(\.errorCode)
            let expected = ErrorCode.allCases.filter { !Self.refusals.contains($0) }.map(\.rawValue)
            #expect(buried.sorted() == expected.sorted())
        }
    }
}
