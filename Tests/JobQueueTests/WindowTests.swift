import JobContract
import JobQueue
import Redis
import Support
import Testing

@Suite("A window that is full, on a real Redis", .timeLimit(.minutes(2)))
struct WindowTests {
    private var options: JobQueueOptions {
        var options = JobQueueOptions()
        (options.mostLive, options.keptForStops) = (20, 10)
        return options
    }

    /// Takes all that can be taken, as a worker does.
    private func takeAll(_ world: QueueWorld, _ worker: JobQueue) async throws {
        while true {
            let outcome = try await world.intake(worker)
            if outcome.taken == 0 || outcome.isFull { return }
        }
    }

    @Test("holds back what is more, and goes on as jobs end, in order")
    func window() async throws {
        try await QueueWorld.with(options: options) { world in
            let worker = world.worker("w1")
            for number in 0..<30 { try await world.push(QueueWorld.message(.start, "s\(number)", game: "g\(number)")) }
            try await takeAll(world, worker)
            #expect(try await world.intake(worker).isFull)
            #expect(try await world.liveCount() == 10)
            var order: [JobID] = []
            while order.count < 30 {
                let jobs = try await world.claim(worker, starts: 3)
                for job in jobs {
                    order.append(job.id)
                    try await world.finish(worker, job)
                }
                try await takeAll(world, worker)
            }
            #expect(order == (0..<30).map { "s\($0)" })
        }
    }

    @Test("one game cannot fill it, whatever number of its jobs wait", arguments: [JobKind.start, .stop])
    func oneGame(kind: JobKind) async throws {
        var options = JobQueueOptions()
        (options.mostLive, options.keptForStops) = (120, 10)
        try await QueueWorld.with(options: options) { world in
            let worker = world.worker("w1")
            for number in 0..<300 { try await world.push(QueueWorld.message(kind, "j\(number)", game: "flood")) }
            try await takeAll(world, worker)
            #expect(try await world.liveCount() == 100)
            try await world.push(QueueWorld.message(.start, "other", game: "other"))
            try await takeAll(world, worker)
            #expect(try await world.claim(worker).map(\.id).sorted() == ["j0", "other"])
            #expect(try await world.liveCount() == 101)
        }
    }

    @Test("is empty again when all jobs of a long lane have ended, and jobs whose records were lost")
    func countedOff() async throws {
        try await QueueWorld.with { world in
            let worker = world.worker("w1")
            for number in 0..<150 { try await world.push(QueueWorld.message(.start, "j\(number)", game: "flood")) }
            try await takeAll(world, worker)
            let lost = (110..<120).map { RedisArgument.string(world.keys.job("j\($0)")) }
            _ = try await world.client.send(RedisCommand("DEL", arguments: lost))
            for _ in 0..<140 {
                let jobs = try await world.claim(worker)
                for job in jobs { try await world.finish(worker, job) }
            }
            #expect(try await world.liveCount() == 0)
            #expect(try await world.results().count == 140)
        }
    }

    @Test("with every node full of games, a stop behind any number of starts comes in at once, and room is made")
    func noDeadlock() async throws {
        try await QueueWorld.with(options: options) { world in
            let worker = world.worker("w1")
            try await worker.join(games: [])
            try await world.push(QueueWorld.message(.start, "first", game: "g"))
            try await world.intake(worker)
            try await world.finish(worker, try #require(try await world.claim(worker, slots: 1).first))
            for number in 0..<200 { try await world.push(QueueWorld.message(.start, "s\(number)", game: "w\(number)")) }
            try await takeAll(world, worker)
            #expect(try await world.claim(worker, slots: 1).isEmpty)
            try await world.push(QueueWorld.message(.stop, "stop", game: "g"))
            try await takeAll(world, worker)
            let stop = try await world.claim(worker, slots: 1)
            #expect(stop.map(\.id) == ["stop"])
            try await world.finish(worker, stop[0], JobEnding(.succeeded, effect: .stopped), freesPlace: true)
            // Those that were set aside come back in order, one place at a time.
            for number in 0..<200 {
                let job = try await world.claim(worker, slots: 1)
                #expect(job.map(\.id) == ["s\(number)"])
                guard let job = job.first else { return }
                try await world.finish(worker, job, freesPlace: true)
                try await takeAll(world, worker)
            }
            let left = try await world.client.send(RedisCommand("KEYS", "{rtm}:overflow*")).array ?? []
            #expect(left.isEmpty)
        }
    }

    @Test("starts that only their own full node may take do not keep the stop out either")
    func noDeadlockOfOwned() async throws {
        try await QueueWorld.with(options: options) { world in
            let worker = world.worker("w1")
            try await worker.join(games: (0..<20).map { OwnedGame(gameID: "w\($0)", isRunning: false) })
            try await world.push(QueueWorld.message(.start, "first", game: "g"))
            try await world.intake(worker)
            try await world.finish(worker, try #require(try await world.claim(worker, slots: 1).first))
            for number in 0..<20 { try await world.push(QueueWorld.message(.start, "s\(number)", game: "w\(number)")) }
            try await takeAll(world, worker)
            #expect(try await world.claim(worker, slots: 1).isEmpty)
            try await world.push(QueueWorld.message(.stop, "stop", game: "g"))
            try await takeAll(world, worker)
            #expect(try await world.claim(worker, slots: 1).map(\.id) == ["stop"])
        }
    }

    @Test("a stop overtakes only the starts that it makes pointless")
    func overtaking() async throws {
        try await QueueWorld.with(options: options) { world in
            let worker = world.worker("w1")
            try await world.push(QueueWorld.message(.start, "first", game: "g"))
            try await world.intake(worker)
            try await world.finish(worker, try #require(try await world.claim(worker, slots: 1).first))
            for number in 0..<10 { try await world.push(QueueWorld.message(.start, "s\(number)", game: "w\(number)")) }
            try await takeAll(world, worker)
            #expect(try await world.claim(worker, slots: 1).isEmpty)
            let guarded = #","container_id":"\#(String(repeating: "a", count: 64))""#
            try await world.push(
                QueueWorld.message(.start, "x1", game: "x"),
                QueueWorld.message(.start, "y1", game: "y"),
                QueueWorld.message(.stop, "y2", game: "y", more: guarded),
                QueueWorld.message(.stop, "x2", game: "x"),
                QueueWorld.message(.stop, "y3", game: "y"),
                QueueWorld.message(.start, "x3", game: "x")
            )
            try await takeAll(world, worker)
            // The stop of y has a guarded one of its game before it, which it must not overtake.
            let stop = try await world.claim(worker, slots: 1)
            #expect(stop.map(\.id) == ["x2"])
            try await finishAll(world, worker, stop)
            let outcomes = try await world.results().reduce(into: [JobID: JobOutcome]()) { $0[$1.jobID] = $1.outcome }
            #expect(outcomes["x1"] == .superseded && outcomes["x3"] == .succeeded)
            let order = try await world.results().map(\.jobID)
            let ofY = order.filter { $0.text.hasPrefix("y") }
            #expect(ofY == ["y1", "y2", "y3"])
            #expect(order.firstIndex(of: "x2") ?? 99 < order.firstIndex(of: "x3") ?? 0)
        }
    }

    /// Ends `first`, then claims and ends everything, with room for all.
    private func finishAll(_ world: QueueWorld, _ worker: JobQueue, _ first: [ClaimedJob]) async throws {
        var jobs = first
        while !jobs.isEmpty {
            for job in jobs { try await world.finish(worker, job) }
            try await takeAll(world, worker)
            jobs = try await world.claim(worker)
        }
    }
}

@Suite("Who owns a game, on a real Redis", .timeLimit(.minutes(2)))
struct OwnershipTests {
    @Test("a stop of a game that nobody owns waits until every node that lives has told")
    func untold() async throws {
        try await QueueWorld.with { world in
            let (here, there) = (world.worker("w1"), world.worker("w2", node: "n2"))
            try await here.join(games: [])
            try await there.arrive()
            try await world.push(QueueWorld.message(.stop, "t", game: "g"))
            try await world.intake(here)
            #expect(try await world.claim(here).isEmpty)
            try await there.join(games: [OwnedGame(gameID: "g", isRunning: true)])
            #expect(try await world.claim(here).isEmpty)
            #expect(try await world.claim(there).map(\.id) == ["t"])
        }
    }

    @Test("a node that has been silent for longer than the grace time is not waited for")
    func silent() async throws {
        try await QueueWorld.with(options: JobQueueOptions(nodeGrace: .milliseconds(1))) { world in
            let (here, there) = (world.worker("w1"), world.worker("w2", node: "n2"))
            try await here.join(games: [])
            try await there.arrive()
            try await world.push(QueueWorld.message(.stop, "t", game: "g"))
            try await world.intake(here)
            var jobs: [ClaimedJob] = []
            while jobs.isEmpty { jobs = try await world.claim(here) }
            #expect(jobs.map(\.id) == ["t"])
        }
    }

    @Test("where Redis has lost its data, it asks each node what it owns, and stops wait for that")
    func dataLost() async throws {
        try await QueueWorld.with(isNew: true) { world in
            let worker = world.worker("w1")
            try await world.push(QueueWorld.message(.stop, "t", game: "g"))
            try await world.intake(worker)
            #expect(try await worker.tick().mustTell)
            #expect(try await world.claim(worker).isEmpty)
            try await worker.join(games: [OwnedGame(gameID: "g", isRunning: true)])
            #expect(try await worker.tick().mustTell == false)
            #expect(try await world.claim(worker).map(\.id) == ["t"])
        }
    }

    @Test("a restart is told what the game's last successful start asked for")
    func lastStart() async throws {
        try await QueueWorld.with { world in
            let worker = world.worker("w1")
            try await world.push(
                QueueWorld.message(.start, "s1"),
                QueueWorld.message(.restart, "r1"),
                QueueWorld.message(.restart, "r2")
            )
            try await world.intake(worker)
            let start = try #require(try await world.claim(worker).first)
            #expect(start.lastStart == nil)
            try await world.finish(worker, start, startMessage: "first")
            let first = try #require(try await world.claim(worker).first)
            #expect(first.lastStart == Array("first".utf8))
            try await world.finish(worker, first, .failed(.startFailed, "x"))
            #expect(try #require(try await world.claim(worker).first).lastStart == Array("first".utf8))
        }
    }
}
