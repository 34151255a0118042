import JobContract
import JobQueue
import Primitives
import Redis
import Support
import Testing

@Suite("The delivery protocol on a real Redis", .timeLimit(.minutes(2)))
struct DeliveryTests {
    @Test("a job moves from the queue through its lane to one result")
    func oneJob() async throws {
        try await QueueWorld.with { world in
            let worker = world.worker("w1")
            try await worker.announce([])
            try await world.push(QueueWorld.message(.start, "j1", more: #","enqueued_at":"2026-01-01T00:00:00Z""#))
            let intake = try await world.intake(worker)
            #expect(intake.taken == 1 && intake.seen == 1 && !intake.isFull && intake.rejections.isEmpty)
            #expect(try await world.hash(world.keys.job("j1"))["state"] == "waiting")
            let jobs = try await world.claim(worker)
            #expect(jobs.map(\.id) == ["j1"] && jobs[0].attempt == 1 && jobs[0].queue == "default")
            #expect(String(decoding: jobs[0].message, as: UTF8.self).contains("engine:1"))
            #expect(try await world.hash(world.keys.job("j1"))["state"] == "running")
            let ending = JobEnding(
                .succeeded,
                effect: .started,
                containerID: "c",
                containerName: "n",
                engineEndpoint: "http://e",
                startedAt: Timestamp(seconds: 0)
            )
            #expect(try await world.finish(worker, jobs[0], ending) == .ok)
            #expect(try await world.finish(worker, jobs[0], ending) == .again)
            let results = try await world.results()
            #expect(results.count == 1)
            let fields = try #require(results.first?.fields)
            let taken = try #require(Timestamp(rfc3339: fields["taken_at"] ?? ""))
            let finished = try #require(Timestamp(rfc3339: fields["finished_at"] ?? ""))
            #expect(taken <= finished)
            var rest = fields
            rest["taken_at"] = nil
            rest["finished_at"] = nil
            #expect(
                rest == [
                    "v": "1", "job_id": "j1", "kind": "start", "game_id": "g1", "outcome": "succeeded",
                    "effect": "started", "container_id": "c", "container_name": "n", "engine_endpoint": "http://e",
                    "started_at": "1970-01-01T00:00:00.000000000Z", "attempts": "1", "worker": "w1", "node": "n1",
                    "enqueued_at": "2026-01-01T00:00:00Z",
                ]
            )
            let record = try await world.hash(world.keys.job("j1"))
            #expect(record["state"] == "done" && record["outcome"] == "succeeded")
            // The id is used up.
            try await world.push(QueueWorld.message(.stop, "j1"))
            try await world.intake(worker)
            #expect(try await world.claim(worker).isEmpty)
            #expect(try await world.results().count == 1)
        }
    }

    @Test("jobs of one game run one at a time in push order; other games do not wait")
    func lanes() async throws {
        try await QueueWorld.with { world in
            let (one, two) = (world.worker("w1"), world.worker("w2"))
            for number in 1...3 { try await world.push(QueueWorld.message(.start, "a\(number)", game: "a")) }
            try await world.push(QueueWorld.message(.start, "b1", game: "b"))
            try await world.intake(one)
            let first = try await world.claim(one)
            #expect(first.map(\.id) == ["a1", "b1"])
            #expect(try await world.claim(two).isEmpty)
            try await world.finish(one, first[0])
            let second = try await world.claim(two)
            #expect(second.map(\.id) == ["a2"])
            try await world.finish(two, second[0])
            #expect(try await world.claim(one).map(\.id) == ["a3"])
        }
    }

    @Test("an invalid message becomes one rejected result and blocks nothing")
    func rejected() async throws {
        try await QueueWorld.with { world in
            let worker = world.worker("w1")
            let huge = String(repeating: "x", count: 70_000)
            try await world.push(
                "garbage",
                "garbage",
                huge,
                #"{"v":1,"id":"bad","kind":"fly"}"#,
                QueueWorld.message(.start, "good")
            )
            let intake = try await world.intake(worker)
            #expect(intake.taken == 5 && intake.rejections.count == 4)
            #expect(try await world.claim(worker).map(\.id) == ["good"])
            let results = try await world.results()
            #expect(results.map(\.outcome) == [.rejected, .rejected, .rejected])
            #expect(results.map(\.errorCode) == ["invalid_message", "message_too_large", "unknown_kind"])
            #expect(results.last?.jobID == "bad" && results[0].jobID == JobDecoder.invalidID(of: Array("garbage".utf8)))
        }
    }

    @Test("two workers that read the same messages admit each message once, in order")
    func admitRace() async throws {
        try await QueueWorld.with { world in
            for number in 0..<300 { try await world.push(QueueWorld.message(.start, "j\(number)", game: "g")) }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for name in ["w1", "w2", "w3"] {
                    group.addTask {
                        let worker = world.worker(name)
                        while try await world.intake(worker).seen > 0 {}
                    }
                }
                try await group.waitForAll()
            }
            let lane = try await world.client.send(RedisCommand("LRANGE", "{rtm}:lane:g", 0, -1)).array ?? []
            // The first is the head, which stands before the list.
            #expect(lane.compactMap(\.string) == (1..<300).map { "j\($0)" })
        }
    }

    @Test("any worker reclaims an expired lease, and the former owner can finish nothing")
    func reclaim() async throws {
        try await QueueWorld.with(options: JobQueueOptions(lease: .milliseconds(100))) { world in
            let (dead, alive) = (world.worker("w1"), world.worker("w2"))
            try await world.push(QueueWorld.message(.start, "j1"))
            try await world.intake(dead)
            let lost = try #require(try await world.claim(dead).first)
            var reclaimed = 0
            while reclaimed == 0 { reclaimed = try await alive.sweep().leasesReclaimed }
            let again = try await world.claim(alive)
            #expect(again.map(\.id) == ["j1"] && again[0].attempt == 2 && again[0].token != lost.token)
            #expect(try await dead.extend([HeldJob(id: "j1", token: lost.token)], docker: .answers).answers == [.lost])
            #expect(try await world.finish(dead, lost) == .stale)
            #expect(try await world.finish(alive, again[0]) == .ok)
            #expect(try await world.results().count == 1)
        }
    }

    @Test("a start that killed three workers is undone by the fourth, the fifth or the sixth, and then given up")
    func poison() async throws {
        try await QueueWorld.with(options: JobQueueOptions(lease: .milliseconds(30))) { world in
            let worker = world.worker("w1")
            try await world.push(QueueWorld.message(.start, "j1"), QueueWorld.message(.start, "j2"))
            try await world.intake(worker)
            for death in 1...6 {
                let (isUndone, isLast) = (death > 3, death == 6)
                let claimed = try await world.claim(worker)
                #expect(claimed.map(\.id) == ["j1"] && claimed[0].undo == (isUndone ? .poisoned : nil))
                try await eventually(
                    "the lease to be over",
                    until: { $0.poisoned == (isLast ? 1 : 0) && $0.leasesReclaimed == (isLast ? 0 : 1) }
                ) {
                    try await worker.sweep()
                }
            }
            #expect(try await world.results().map(\.errorCode) == ["poisoned"])
            #expect(try await world.claim(worker).map(\.id) == ["j2"])
        }
    }

    @Test("a stop that killed three workers is poisoned")
    func poisonedStop() async throws {
        try await QueueWorld.with(options: JobQueueOptions(lease: .milliseconds(30))) { world in
            let worker = world.worker("w1")
            try await worker.announce([])
            try await world.push(QueueWorld.message(.stop, "j1"))
            try await world.intake(worker)
            var poisoned = 0
            while poisoned == 0 {
                _ = try await world.claim(worker)
                poisoned = try await worker.sweep().poisoned
            }
            #expect(try await world.results().map(\.errorCode) == ["poisoned"])
        }
    }

    @Test("heartbeats extend a lease; a retry delays the lane; a release uses up no attempt")
    func heartbeatRetryRelease() async throws {
        try await QueueWorld.with { world in
            let worker = world.worker("w1")
            try await world.push(QueueWorld.message(.start, "j1"), QueueWorld.message(.start, "j2"))
            try await world.intake(worker)
            var job = try #require(try await world.claim(worker).first)
            #expect(try await worker.extend([job.held], docker: .answers).answers == [.ok])
            try await worker.release([job.held])
            job = try #require(try await world.claim(worker).first)
            #expect(job.id == "j1" && job.attempt == 1)
            #expect(
                try await worker.retry(
                    HeldJob(id: "j1", token: job.token),
                    after: FailedAttempt(pause: .milliseconds(20), code: .timeout, error: "x")
                )
            )
            #expect(try await world.claim(worker).isEmpty)
            #expect(try await world.hash(world.keys.job("j1"))["state"] == "retrying")
            var due = 0
            while due == 0 { due = try await worker.sweep().retriesDue }
            job = try #require(try await world.claim(worker).first)
            #expect(job.id == "j1" && job.attempt == 2)
        }
    }
}
