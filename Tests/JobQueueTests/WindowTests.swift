import JobContract
import JobQueue
import Redis
import Support
import Testing

@Suite("A full admission window, on a real Redis", .timeLimit(.minutes(2)))
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

    @Test("holds back further jobs, and continues in order as jobs end")
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

    @Test("one game cannot fill the window, whatever the number of its jobs", arguments: [JobKind.start, .stop])
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

    @Test("becomes empty when all jobs of a long lane have ended, including jobs with lost records")
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

    @Test("if every node is at capacity, its last part admits the stop that frees capacity")
    func keptForStops() async throws {
        try await QueueWorld.with(options: options) { world in
            let worker = world.worker("w1", options: world.options(NodeCapacity(slots: 1)))
            try await worker.announce([])
            try await world.push(QueueWorld.message(.start, "first", game: "g"))
            try await world.intake(worker)
            try await world.finish(worker, try #require(try await world.claim(worker).first))
            for number in 0..<10 { try await world.push(QueueWorld.message(.start, "s\(number)", game: "w\(number)")) }
            try await takeAll(world, worker)
            #expect(try await world.claim(worker).isEmpty)
            try await world.push(QueueWorld.message(.stop, "stop", game: "g"))
            try await takeAll(world, worker)
            let stop = try await world.claim(worker)
            #expect(stop.map(\.id) == ["stop"])
            try await world.finish(worker, stop[0], JobEnding(.succeeded, effect: .stopped), freesReservation: true)
            #expect(try await world.claim(worker).map(\.id) == ["s0"])
        }
    }

    @Test("a start at the end of the queue holds back what stands behind it, and a stop does not pass it")
    func heldBack() async throws {
        try await QueueWorld.with(options: options) { world in
            let (worker, idle) = (world.worker("w1"), world.worker("w2"))
            for worker in [worker, idle] { try await worker.announce([]) }
            for number in 0..<11 { try await world.push(QueueWorld.message(.start, "s\(number)", game: "w\(number)")) }
            try await world.push(QueueWorld.message(.stop, "stop", game: "g"))
            try await takeAll(world, worker)
            let waiting = try await world.worker("w3").depth(of: "default").waiting
            #expect(waiting == 2)
            let jobs = try await world.claim(worker, starts: 1, stops: 0)
            // With capacity for stops alone it is woken for nothing but the window.
            #expect(try await world.claim(idle, starts: 0, stops: 1).isEmpty)
            try await world.finish(worker, try #require(jobs.first))
            let words = try await world.client.send(RedisCommand("LRANGE", .string(world.keys.doorbell("w2")), 0, -1))
            #expect(words.array?.compactMap(\.string) == ["ready"])
            try await takeAll(world, idle)
            #expect(try await world.claim(idle, starts: 0).map(\.id) == ["stop"])
        }
    }

    @Test("also starts that wait for their own full node do not block a stop")
    func noDeadlockOfOwned() async throws {
        try await QueueWorld.with(options: options) { world in
            let worker = world.worker("w1", options: world.options(NodeCapacity(slots: 1)))
            try await worker.announce((0..<10).map { OwnedGame(gameID: "w\($0)", isRunning: false) })
            try await world.push(QueueWorld.message(.start, "first", game: "g"))
            try await world.intake(worker)
            try await world.finish(worker, try #require(try await world.claim(worker).first))
            for number in 0..<10 { try await world.push(QueueWorld.message(.start, "s\(number)", game: "w\(number)")) }
            try await takeAll(world, worker)
            #expect(try await world.claim(worker).isEmpty)
            try await world.push(QueueWorld.message(.stop, "stop", game: "g"))
            try await takeAll(world, worker)
            #expect(try await world.claim(worker).map(\.id) == ["stop"])
        }
    }
}

@Suite("The owner of a game, on a real Redis", .timeLimit(.minutes(2)))
struct OwnershipTests {
    @Test("a stop of a game without owner waits until every live node has announced its games")
    func unannounced() async throws {
        try await QueueWorld.with { world in
            let (here, there) = (world.worker("w1"), world.worker("w2", node: "n2"))
            try await here.announce([])
            try await there.register()
            try await world.push(QueueWorld.message(.stop, "t", game: "g"))
            try await world.intake(here)
            #expect(try await world.claim(here).isEmpty)
            try await there.announce([OwnedGame(gameID: "g", isRunning: true)])
            #expect(try await world.claim(here).isEmpty)
            #expect(try await world.claim(there).map(\.id) == ["t"])
        }
    }

    @Test("a stop does not wait for a node that is silent beyond the grace time")
    func silent() async throws {
        try await QueueWorld.with(options: JobQueueOptions(nodeGrace: .milliseconds(1))) { world in
            let (here, there) = (world.worker("w1"), world.worker("w2", node: "n2"))
            try await here.announce([])
            try await there.register()
            try await world.push(QueueWorld.message(.stop, "t", game: "g"))
            try await world.intake(here)
            var jobs: [ClaimedJob] = []
            while jobs.isEmpty { jobs = try await world.claim(here) }
            #expect(jobs.map(\.id) == ["t"])
        }
    }

    @Test("after a loss of data each node announces its games again, and stops wait for this")
    func dataLost() async throws {
        try await QueueWorld.with(isNew: true) { world in
            let worker = world.worker("w1")
            try await world.push(QueueWorld.message(.stop, "t", game: "g"))
            try await world.intake(worker)
            #expect(try await worker.sweep().mustAnnounce)
            #expect(try await world.claim(worker).isEmpty)
            try await worker.announce([OwnedGame(gameID: "g", isRunning: true)])
            #expect(try await worker.sweep().mustAnnounce == false)
            #expect(try await world.claim(worker).map(\.id) == ["t"])
        }
    }

    @Test("a restart gets the request of the game's last successful start")
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
