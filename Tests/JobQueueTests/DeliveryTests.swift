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
            try await worker.join(games: [])
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
            while reclaimed == 0 { reclaimed = try await alive.tick().leasesReclaimed }
            let again = try await world.claim(alive)
            #expect(again.map(\.id) == ["j1"] && again[0].attempt == 2 && again[0].token != lost.token)
            #expect(try await dead.beat([(id: "j1", token: lost.token)], engineAnswers: true).answers == [.lost])
            #expect(try await world.finish(dead, lost) == .stale)
            #expect(try await world.finish(alive, again[0]) == .ok)
            #expect(try await world.results().count == 1)
        }
    }

    @Test("a start that killed three workers is undone by the fourth, and is poisoned if that dies, too")
    func poison() async throws {
        try await QueueWorld.with(options: JobQueueOptions(lease: .milliseconds(30))) { world in
            let worker = world.worker("w1")
            try await world.push(QueueWorld.message(.start, "j1"), QueueWorld.message(.start, "j2"))
            try await world.intake(worker)
            for isLast in [false, false, false, true] {
                let claimed = try await world.claim(worker)
                #expect(claimed.map(\.id) == ["j1"] && claimed[0].undo == (isLast ? .poisoned : nil))
                try await eventually(
                    "the lease to be over",
                    until: { $0.poisoned == (isLast ? 1 : 0) && $0.leasesReclaimed == (isLast ? 0 : 1) }
                ) {
                    try await worker.tick()
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
            try await worker.join(games: [])
            try await world.push(QueueWorld.message(.stop, "j1"))
            try await world.intake(worker)
            var poisoned = 0
            while poisoned == 0 {
                _ = try await world.claim(worker)
                poisoned = try await worker.tick().poisoned
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
            #expect(try await worker.beat([(id: job.id, token: job.token)], engineAnswers: true).answers == [.ok])
            try await worker.release([(id: job.id, token: job.token)])
            job = try #require(try await world.claim(worker).first)
            #expect(job.id == "j1" && job.attempt == 1)
            #expect(
                try await worker.retry(id: "j1", token: job.token, after: .milliseconds(20), code: .timeout, error: "x")
            )
            #expect(try await world.claim(worker).isEmpty)
            #expect(try await world.hash(world.keys.job("j1"))["state"] == "retrying")
            var due = 0
            while due == 0 { due = try await worker.tick().retriesDue }
            job = try #require(try await world.claim(worker).first)
            #expect(job.id == "j1" && job.attempt == 2)
        }
    }

    @Test("a stop goes to the node that owns the game, and wakes its worker")
    func owners() async throws {
        try await QueueWorld.with { world in
            let (here, there) = (world.worker("w1", node: "n1"), world.worker("w2", node: "n2"))
            try await here.join(games: [])
            try await there.join(games: [OwnedGame(gameID: "g2", isRunning: true)])
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
            let bell = try await world.client.send(RedisCommand("LRANGE", .string(world.keys.bell("w1")), 0, -1))
            #expect(bell.array?.compactMap(\.string) == ["ready"])
            #expect(try await world.claim(here).map(\.id) == ["t1"])
        }
    }

    @Test("a stop supersedes waiting starts and cancels a running one")
    func supersede() async throws {
        try await QueueWorld.with { world in
            let worker = world.worker("w1")
            try await worker.join(games: [])
            for id: JobID in ["s1", "s2", "s3"] { try await world.push(QueueWorld.message(.start, id)) }
            try await world.intake(worker)
            let running = try #require(try await world.claim(worker).first)
            try await world.push(QueueWorld.message(.stop, "t1"), QueueWorld.message(.start, "s4"))
            try await world.intake(worker)
            #expect(try await worker.beat([(id: "s1", token: running.token)], engineAnswers: true).answers == [.cancel])
            let bell = try await world.client.send(RedisCommand("LRANGE", .string(world.keys.bell("w1")), 0, -1))
            #expect(bell.array?.compactMap(\.string) == ["cancel"])
            try await world.finish(worker, running, JobEnding(.superseded), owner: .undo, freesPlace: true)
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
            for worker in [dead, alive, other] { try await worker.join(games: []) }
            try await world.push(QueueWorld.message(.start, "s1"))
            try await world.intake(dead)
            _ = try await world.claim(dead)
            var reclaimed = 0
            while reclaimed == 0 { reclaimed = try await alive.tick().leasesReclaimed }
            try await world.push(QueueWorld.message(.remove, "r1"))
            try await world.intake(alive)
            #expect(try await world.claim(other).isEmpty)
            let undo = try await world.claim(alive)
            #expect(undo.map(\.id) == ["s1"] && undo[0].undo == .superseded)
            #expect(try await world.results().isEmpty)
            try await world.finish(alive, undo[0], JobEnding(.superseded), owner: .undo, freesPlace: true)
            #expect(try await world.claim(alive).map(\.id) == ["r1"])
        }
    }

    @Test("one call ends superseded starts and claims the stop behind them")
    func stopBehindSuperseded() async throws {
        try await QueueWorld.with { world in
            let worker = world.worker("w1")
            try await worker.join(games: [OwnedGame(gameID: "g1", isRunning: true)])
            try await world.push(QueueWorld.message(.start, "s1"), QueueWorld.message(.stop, "t1"))
            try await world.intake(worker)
            #expect(try await world.claim(worker).map(\.id) == ["t1"])
            #expect(try await world.results().map(\.outcome) == [.superseded])
        }
    }

    @Test("a start that waits for node capacity expires at its deadline")
    func expiredAtCapacity() async throws {
        try await QueueWorld.with { world in
            let worker = world.worker("w1")
            try await worker.join(games: [OwnedGame(gameID: "full", isRunning: true)])
            try await world.push(QueueWorld.message(.start, "s1", more: #","deadline":"2020-01-01T00:00:00Z""#))
            try await world.intake(worker)
            #expect(try await world.claim(worker, slots: 1).isEmpty)
            #expect(try await world.results().map(\.outcome) == [.expired])
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

    @Test("queues are served in strict order, and stops have permits of their own")
    func queuesAndPermits() async throws {
        try await QueueWorld.with(options: JobQueueOptions(queues: ["high", "low"])) { world in
            let worker = world.worker("w1")
            for number in 1...3 {
                try await world.push(QueueWorld.message(.start, "l\(number)", game: "l\(number)"), queue: "low")
            }
            for number in 1...2 {
                try await world.push(QueueWorld.message(.start, "h\(number)", game: "h\(number)"), queue: "high")
            }
            try await world.push(QueueWorld.message(.stop, "t", game: "t"), queue: "low")
            for name in ["low", "high"] { try await world.intake(worker, from: name) }
            #expect(try await world.claim(worker, starts: 3, stops: 1).map(\.id) == ["t", "h1", "h2", "l1"])
        }
    }

    @Test("a node runs no more games than its capacity, over all its workers")
    func slots() async throws {
        try await QueueWorld.with { world in
            let (one, two) = (world.worker("w1"), world.worker("w2"))
            for number in 1...5 { try await world.push(QueueWorld.message(.start, "s\(number)", game: "g\(number)")) }
            try await world.intake(one)
            let first = try await world.claim(one, slots: 2)
            #expect(first.count == 2)
            #expect(try await world.claim(two, slots: 2).isEmpty)
            try await world.finish(one, first[0], .failed(.imageNotFound, "x"), owner: .undo, freesPlace: true)
            #expect(try await world.claim(two, slots: 2).map(\.id) == ["s3"])
            // A node with room takes what this one cannot.
            #expect(try await world.claim(world.worker("w3", node: "n2"), slots: 2).count == 2)
        }
    }

    @Test("a sweep says if there may be work, so an idle worker sends no claim")
    func mayHaveWork() async throws {
        try await QueueWorld.with { world in
            let (here, there) = (world.worker("w1"), world.worker("w2", node: "n2"))
            try await here.join(games: [])
            #expect(try await here.tick().mayHaveWork == false)
            try await world.push(QueueWorld.message(.start, "s1"))
            #expect(try await here.tick().mayHaveWork)
            try await world.intake(here)
            #expect(try await here.tick().mayHaveWork)
            #expect(try await there.tick().mayHaveWork)
            let job = try #require(try await world.claim(here).first)
            #expect(try await here.tick().mayHaveWork == false)
            try await world.finish(here, job)
            // What belongs to another node is none of its business.
            try await world.push(QueueWorld.message(.stop, "t1"))
            try await world.intake(there)
            #expect(try await here.tick().mayHaveWork)
            #expect(try await there.tick().mayHaveWork == false)
        }
    }

    @Test("at maxmemory only the intake stops")
    func outOfMemory() async throws {
        try await QueueWorld.with { world in
            let worker = world.worker("w1")
            try await world.push(QueueWorld.message(.start, "j1"), QueueWorld.message(.start, "j2", game: "g2"))
            try await world.intake(worker)
            let job = try #require(try await world.claim(worker, starts: 1).first)
            try await world.push(QueueWorld.message(.start, "j3", game: "g3"))
            _ = try await world.client.send(RedisCommand("CONFIG", "SET", "maxmemory", "1"))
            let error = await #expect(throws: QueueError.self) { try await world.intake(worker) }
            #expect(error?.isOutOfMemory == true)
            #expect(try await worker.beat([(id: job.id, token: job.token)], engineAnswers: true).answers == [.ok])
            #expect(try await world.finish(worker, job) == .ok)
            let second = try await world.claim(worker, starts: 1)
            #expect(second.map(\.id) == ["j2"])
            _ = try await worker.tick()
            _ = try await world.client.send(RedisCommand("CONFIG", "SET", "maxmemory", "0"))
            #expect(try await world.intake(worker).taken == 1)
        }
    }

    @Test("the configured number of results and ids is kept")
    func retention() async throws {
        try await QueueWorld.with(options: JobQueueOptions(retention: .seconds(3_600), retentionEntries: 10)) { world in
            let worker = world.worker("w1")
            try await worker.join(games: [])
            for number in 0..<50 { try await world.push(QueueWorld.message(.start, "j\(number)", game: "g\(number)")) }
            try await world.intake(worker)
            for job in try await world.claim(worker, starts: 50) { try await world.finish(worker, job) }
            let results = try await world.results()
            #expect(results.map(\.jobID) == (40..<50).map { "j\($0)" })
            #expect(try await world.client.send(RedisCommand("EXISTS", .string(world.keys.job("j0")))) == .integer(0))
            let ttl = try await world.client.send(RedisCommand("TTL", .string(world.keys.job("j49")))).integer ?? 0
            #expect((3_000...3_600).contains(ttl))
        }
    }
}

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

    private func update(_ expected: String, _ mark: String, _ kinds: LifecycleKind...) -> StoryUpdate {
        StoryUpdate(containerID: "c1", gameID: "g1", expectedMark: expected, newMark: mark, entries: kinds.map(event))
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
            #expect(try await one.emit([update("", "s1", .started)], epoch: epoch, cursor: "x") == [.published])
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
                try await one.emit([update("s1", "e1", .exited)], epoch: epoch, cursor: nil)
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
            #expect(try await worker.emit([update("", "s1", .started)], epoch: epoch, cursor: nil) == [.published])
            #expect(
                try await worker.emit([update("", "s1", .started)], epoch: epoch, cursor: nil) == [
                    .conflict(mark: "s1")
                ]
            )
            #expect(try await worker.stories() == ["c1": "s1"])
            #expect(
                try await worker.emit([update("s1", "", .exited, .removed)], epoch: epoch, cursor: nil) == [.published]
            )
            #expect(try await worker.stories().isEmpty)
            #expect(try await worker.emit([update("", "s1", .started)], epoch: epoch, cursor: nil) == [.ended])
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
            try await worker.tell(.begun(mark: "s0"), of: "c1")
            #expect(try await worker.begunContainers() == ["c1": "s0"])
            _ = try await worker.emit([update("", "s1", .started)], epoch: epoch, cursor: nil)
            try await worker.tell(.begun(mark: "s0"), of: "c1")
            #expect(try await worker.begunContainers().isEmpty)
            try await worker.tell(.forced(true), of: "c1")
            try await worker.tell(.asked(jobID: "j", intent: "i"), of: "c1")
            #expect(try await worker.notes(of: ["c1", "c2"])["c1"] == ContainerNotes(asked: "i"))
            try await worker.tell(.forced(true), of: "c1")
            try await worker.tell(.exit("x"), of: "c1")
            let notes = try await worker.notes(of: ["c2", "c1"])
            #expect(notes["c1"] == ContainerNotes(asked: "i", isForced: true, exit: "x"))
            #expect(notes["c2"] == ContainerNotes())
            _ = try await worker.emit([update("s1", "e1", .exited)], epoch: epoch, cursor: nil)
            try await worker.tell(.exit("y"), of: "c1")
            try await worker.tell(.forced(false), of: "c1")
            #expect(try await worker.notes(of: ["c1"])["c1"] == ContainerNotes())
            _ = try await worker.emit([update("e1", "", .removed)], epoch: epoch, cursor: nil)
            try await worker.tell(.asked(jobID: "j", intent: "i"), of: "c1")
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
            #expect(try await worker.tell(.asked(jobID: "j", intent: "first"), of: "c1") == nil)
            #expect(try await worker.tell(.asked(jobID: "j", intent: "second"), of: "c1") == "first")
            #expect(try await worker.notes(of: ["c1"])["c1"]?.asked == "first")
            #expect(try await worker.intent(ofJob: "j", toEnd: "c1") == "first")
            #expect(try await worker.intent(ofJob: "j", toEnd: "c2") == nil)
            // Another job, or one that nobody knows, has a word of its own.
            #expect(try await worker.tell(.asked(jobID: "x", intent: "third"), of: "c1") == nil)
            #expect(try await worker.notes(of: ["c1"])["c1"]?.asked == "third")
            #expect(try await world.client.send(RedisCommand("EXISTS", .string(world.keys.job("x")))).integer == 0)
        }
    }

    @Test("a removed container counts as the job's only if that job may have created it")
    func claims() async throws {
        try await QueueWorld.with { world in
            let worker = world.worker("w1")
            for (job, fields) in [
                ("live" as JobID, ["_job", "1 start g default 1 - - -"]),
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
            _ = try await worker.emit([update("", "s1", .started)], epoch: epoch, cursor: nil)
            #expect(try await worker.places() == ["g1"])
            _ = try await worker.emit([update("s1", "e1", .exited)], epoch: epoch, cursor: nil)
            #expect(try await worker.places().isEmpty)
            try await world.push(QueueWorld.message(.start, "j1", game: "g2"))
            try await world.intake(worker)
            #expect(try await world.claim(worker).count == 1)
            try await worker.correctPlaces(free: ["g2", "g3"], taken: ["g4"], epoch: epoch)
            #expect(try await worker.places() == ["g2", "g4"])
            await #expect(throws: Fenced.self) {
                try await worker.correctPlaces(free: ["g4"], taken: [], epoch: epoch + 1)
            }
        }
    }
}
