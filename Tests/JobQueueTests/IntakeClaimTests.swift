import JobContract
import JobQueue
import Redis
import Support
import Testing

/// `admit` takes messages in, and then claims jobs.
@Suite("The claim at the end of an intake", .timeLimit(.minutes(1)))
struct IntakeClaimTests {
    private let capacity = Capacity(starts: 8, stops: 8)

    private func take(_ queue: JobQueue, _ capacity: Capacity?) async throws -> Taken {
        let decoder = JobDecoder()
        return try await queue.take(queue: "default", claiming: capacity) { decoder.decode($0) }
    }

    /// A worker with a ready job, and a message without a job behind it.
    private func withReadyJob(
        _ body: (QueueWorld, JobQueue) async throws -> Void
    ) async throws {
        try await QueueWorld.with { world in
            let worker = world.worker("w1")
            try await worker.announce([])
            try await world.push(QueueWorld.message(.start, "ready", game: "g0"))
            try await world.intake(worker)
            try await world.push("no job")
            try await body(world, worker)
        }
    }

    @Test("reads the messages behind it in the same round trip, and takes these next, if nobody else has")
    func ahead() async throws {
        try await QueueWorld.with { world in
            let (worker, other, decoder) = (world.worker("w1"), world.worker("w2"), JobDecoder())
            try await worker.announce([])
            func take(_ known: [WaitingMessage], most: Int = 2) async throws -> Taken {
                try await worker.take(queue: "default", known: known, most: most, readsAhead: true) {
                    decoder.decode($0)
                }
            }
            let texts = (1...9).map { QueueWorld.message(.start, "j\($0)", game: "g\($0)") }
            let messages = texts.map { WaitingMessage.whole(Array($0.utf8)) }
            for text in texts { try await world.push(text) }

            let first = try await take([])
            #expect(try first.intake.get().taken == 2 && first.next == Array(messages[2...3]))
            let second = try await take(first.next)
            #expect(try second.intake.get().taken == 2 && second.next == Array(messages[4...5]))
            #expect(try await other.take(queue: "default", most: 1) { decoder.decode($0) }.intake.get().taken == 1)
            // Another worker was faster: nothing is taken out of order.
            let late = try await take(second.next)
            let outcome = try late.intake.get()
            #expect(outcome.taken == 0 && outcome.seen == 2 && !outcome.isEmptied)
            #expect(late.next == Array(messages[5...6]))
            // There can be nothing behind fewer messages than asked for.
            let last = try await take([], most: 5)
            #expect(try last.intake.get().taken == 4 && last.next.isEmpty)
        }
    }

    @Test("compares each message: an intake ends before the first message that another worker has removed")
    func gap() async throws {
        try await QueueWorld.with { world in
            let (worker, decoder) = (world.worker("w1"), JobDecoder())
            let texts = (1...3).map { QueueWorld.message(.start, "j\($0)", game: "g\($0)") }
            for text in [texts[0], texts[2]] { try await world.push(text) }
            let known = texts.map { WaitingMessage.whole(Array($0.utf8)) }
            let outcome = try await worker.take(queue: "default", known: known) { decoder.decode($0) }.intake.get()
            #expect(outcome.taken == 1 && outcome.seen == 3 && !outcome.isEmptied)
            #expect(try await world.intake(worker).taken == 1)
            #expect(try await world.lanes().keys.sorted() == ["g1", "g3"])
        }
    }

    @Test("counts although the messages behind it cannot be read; a message left in the inbox is reported")
    func failedReading() async throws {
        try await QueueWorld.with { world in
            let (worker, decoder) = (world.worker("w1"), JobDecoder())
            try await worker.announce([])
            let (list, inbox) = (world.keys.queue("default"), world.keys.inbox("default"))
            for number in 1...2 {
                let text = QueueWorld.message(.start, "j\(number)", game: "g\(number)")
                _ = try await world.client.send(RedisCommand("LPUSH", .string(inbox), .string(text)))
            }
            func take() async throws -> Taken {
                try await worker.take(queue: "default", most: 1, readsAhead: true, claiming: capacity) {
                    decoder.decode($0)
                }
            }
            let first = try await take()
            #expect(try !first.intake.get().isEmptied && first.claimed?.jobs.map(\.id) == ["j1"])
            _ = try await world.client.send(RedisCommand("SET", .string(list), "x"))
            let second = try await take()
            #expect(try second.intake.get().taken == 1 && second.next.isEmpty)
            #expect(second.claimed?.jobs.map(\.id) == ["j2"])
        }
    }

    @Test("gives the same jobs as a claim alone", arguments: [true, false])
    func same(isOneCall: Bool) async throws {
        try await QueueWorld.with { world in
            let worker = world.worker("w1")
            try await worker.announce([])
            // Of g1, a later stop makes the start obsolete. Of g2, the second start waits behind the first.
            let kinds: [(JobKind, JobID, GameID)] = [
                (.start, "a", "g1"), (.stop, "b", "g1"), (.start, "c", "g2"), (.start, "d", "g2"), (.remove, "e", "g3"),
            ]
            for (kind, id, game) in kinds { try await world.push(QueueWorld.message(kind, id, game: game)) }
            var jobs: [ClaimedJob]
            if isOneCall {
                jobs = try #require(try await take(worker, capacity).claimed).jobs
            } else {
                try await world.intake(worker)
                jobs = try await worker.claim(capacity).jobs
            }
            jobs.sort { $0.id.text < $1.id.text }
            #expect(jobs.map(\.id) == ["b", "c", "e"])
            #expect(jobs.map(\.kind) == ["stop", "start", "remove"])
            #expect(jobs.map(\.hasMadeOwner) == [false, true, false])
            #expect(
                jobs.map { String(decoding: $0.message, as: UTF8.self) }
                    == [kinds[1], kinds[2], kinds[4]].map {
                        QueueWorld.message($0.0, $0.1, game: $0.2)
                    }
            )
            for job in jobs {
                let answer = try await world.finish(worker, job, JobEnding(.succeeded, effect: .stopped))
                #expect(answer == .ok)
            }
            #expect(try await worker.claim(capacity).jobs.map(\.id) == ["d"])
        }
    }

    @Test("ends a job once, although its game is on a second list")
    func endedOnce() async throws {
        try await QueueWorld.with { world in
            let worker = world.worker("w1")
            try await worker.announce([])
            try await world.push(QueueWorld.message(.start, "s1"))
            try await world.intake(worker)
            // By hand: the game stays on the list of the start.
            _ = try await world.client.send(RedisCommand("DEL", .string(world.keys.prefix + "lanes")))
            try await world.push(QueueWorld.message(.stop, "t1", more: #","deadline":"2020-01-01T00:00:00Z""#))
            #expect(try await take(worker, capacity).claimed?.jobs == [])
            #expect(try await world.results().map(\.outcome) == [.expired])
            #expect(try await world.liveCount() == 1)
        }
    }

    @Test("counts although the intake has failed")
    func failedIntake() async throws {
        try await withReadyJob { world, worker in
            _ = try await world.client.send(RedisCommand("SET", .string(world.keys.results), "x"))
            let taken = try await take(worker, capacity)
            #expect(throws: QueueError.self) { try taken.intake.get() }
            #expect(taken.claimed?.jobs.map(\.id) == ["ready"])
        }
    }

    @Test("may fail, and the intake counts")
    func failedClaim() async throws {
        try await withReadyJob { world, worker in
            _ = try await world.client.send(RedisCommand("SET", .string(world.keys.prefix + "idle:stop:default"), "x"))
            try await world.push(QueueWorld.message(.start, "s1"))
            let taken = try await take(worker, capacity)
            #expect(taken.claimFailure?.isWrongType == true && taken.claimed == nil)
            #expect(try taken.intake.get().taken == 2)
        }
    }

    @Test("is a call of its own while the memory of Redis is full")
    func fullMemory() async throws {
        try await withReadyJob { world, worker in
            _ = try await world.client.send(RedisCommand("CONFIG", "SET", "maxmemory", "1"))
            let taken = try await take(worker, capacity)
            #expect(throws: QueueError.self) { try taken.intake.get() }
            #expect(taken.claimed?.jobs.map(\.id) == ["ready"])
        }
    }
}
