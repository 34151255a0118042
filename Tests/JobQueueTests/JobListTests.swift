import JobContract
import JobQueue
import QueueAdmin
import Redis
import Support
import Testing

@Suite("Lists of jobs and workers on a real Redis", .timeLimit(.minutes(1)))
struct JobListTests {
    private let decoder = JobDecoder()

    private func list(
        _ queue: JobQueue,
        limit: Int = 50,
        _ change: (inout JobFilter) -> Void = { _ in }
    ) async throws -> [String] {
        var filter = JobFilter()
        change(&filter)
        return try await queue.jobs(filter, limit: limit, decoder: decoder).jobs.map { "\($0.state.rawValue) \($0.id)" }
    }

    /// Jobs in every state: `r` retries, `a` runs and `a2` waits behind it, `w` could begin, `q` is in its queue, `d` is
    /// dead.
    private func with(_ body: (QueueWorld, JobQueue) async throws -> Void) async throws {
        try await QueueWorld.with { world in
            let worker = world.worker("host-a-77-x")
            try await worker.announce([])
            let pushed: [(JobID, GameID)] = [("d", "dead-1"), ("r", "retry-1"), ("a", "arena-1"), ("a2", "arena-1")]
            for (id, game) in pushed {
                try await world.push(QueueWorld.message(.start, id, game: game))
            }
            try await world.intake(worker)
            for job in try await world.claim(worker) {
                switch job.id {
                case "d": try await world.finish(worker, job, .failed(.imagePullFailed, "no registry"))
                case "r":
                    let failure = FailedAttempt(pause: .seconds(60), code: .timeout, error: "late")
                    _ = try await worker.retry(job.held, after: failure)
                default: break
                }
            }
            try await world.push(QueueWorld.message(.stop, "w", game: "other"))
            try await world.intake(worker)
            try await world.push(QueueWorld.message(.start, "q", game: "arena-2"), queue: "low")
            try await body(world, worker)
        }
    }

    @Test("has every job in its state, and the parts that a filter leaves")
    func states() async throws {
        try await with { _, queue in
            #expect(
                try await list(queue) == ["retrying r", "running a", "waiting a2", "waiting w", "waiting q", "dead d"]
            )
            #expect(try await list(queue) { $0.states = [.running, .dead] } == ["running a", "dead d"])
            let arena = try await list(queue) { $0.game = IDPattern("arena-*") }
            #expect(arena == ["running a", "waiting a2", "waiting q"])
            #expect(try await list(queue) { $0.queue = "low" } == ["waiting q"])
            #expect(try await list(queue) { $0.code = "timeout" } == ["retrying r"])
            #expect(try await list(queue) { $0.code = "image_pull_failed" } == ["dead d"])
            #expect(try await list(queue) { $0.node = "n1" } == ["retrying r", "running a", "dead d"])
            #expect(try await list(queue) { $0.node = "n2" } == [])
            let now = try await queue.redisTime()
            #expect(try await list(queue) { $0.since = now + 60_000 } == [])
            let recent = try await list(queue) { $0.since = now - 60_000 }
            #expect(recent == ["retrying r", "running a", "dead d"])
        }
    }

    @Test("stops at the limit of each state, and says of which there are more")
    func limit() async throws {
        try await with { _, queue in
            let list = try await queue.jobs(JobFilter(), limit: 1, decoder: decoder)
            #expect(list.jobs.count == 4 && list.more == [.waiting] && list.unsearched.isEmpty)
        }
    }

    @Test("a job has the reason of its wait, its game, and when it is due")
    func facts() async throws {
        try await with { _, queue in
            let list = try await queue.jobs(JobFilter(), limit: 50, decoder: decoder)
            func detail(_ id: JobID) -> JobDetail? {
                if case .live(let detail)? = list.jobs.first(where: { $0.id == id })?.source { detail } else { nil }
            }
            let (behind, retrying, running) = (detail("a2"), detail("r"), detail("a"))
            #expect(behind?.before == 1 && behind?.head == "a")
            #expect(retrying?.due ?? 0 > list.now && running?.leaseUntil ?? 0 > list.now)
            #expect(detail("w")?.isQueueServed == true)
            let dead = try #require(list.jobs.last)
            #expect(dead.kind == "start" && dead.gameID == "dead-1" && dead.attempts == 1 && dead.node == "n1")
            let queued = list.jobs.first { $0.id == "q" }
            guard case .queued(let before, let overview, _)? = queued?.source else {
                Issue.record("\(String(describing: queued))")
                return
            }
            #expect(before == 0 && overview.workers == 0 && overview.name == "low")
        }
    }

    @Test("a rejected message has what its bytes say; a key of a wrong type hides its own jobs only")
    func odd() async throws {
        try await with { world, queue in
            try await world.push("no job", QueueWorld.message(.stop, "a", game: "arena-1"))
            try await world.intake(queue)
            let dead = try await queue.jobs(JobFilter(), limit: 50, decoder: decoder).jobs.filter { $0.state == .dead }
            #expect(dead.map(\.kind) == ["stop", "", "start"] && dead.map(\.gameID) == ["arena-1", "", "dead-1"])
            _ = try await world.client.send(RedisCommand("DEL", .string(world.keys.prefix + "lanes")))
            _ = try await world.client.send(RedisCommand("SET", .string(world.keys.prefix + "lanes"), "x"))
            #expect(try await list(queue) { $0.states = [.running, .waiting] } == ["running a", "waiting q"])
        }
    }

    @Test("ids are found by their begin: eight characters of a job, four of a node")
    func names() async throws {
        try await with { world, queue in
            for id: JobID in ["12345678-a", "12345678-b", "abcdefgh."] {
                try await world.push(QueueWorld.message(.stop, id, game: "g1"))
            }
            try await world.intake(queue)
            #expect(try await queue.jobs(withPrefix: "12345678") == ["12345678-a", "12345678-b"])
            #expect(try await queue.jobs(withPrefix: "12345678-b") == ["12345678-b"])
            #expect(try await queue.jobs(withPrefix: "1234567") == [])
            #expect(try await queue.jobs(withPrefix: "abcdefgh.") == ["abcdefgh."])
            #expect(try await queue.jobs(withPrefix: "????????") == [])
            for node in ["node-10", "node-2", "other"] {
                _ = try await world.client.send(
                    RedisCommand("ZADD", .string(world.keys.prefix + "nodes"), "1", .string(node))
                )
            }
            #expect(try await queue.nodes(named: "node") == ["node-10", "node-2"])
            #expect(try await queue.nodes(named: "node-1") == [])
            #expect(try await queue.nodes(named: "othe") == ["other"])
            #expect(try await queue.nodes(named: "othe…") == ["other"])
            #expect(try await queue.nodes(named: "oth") == [])
            #expect(try await queue.nodes(named: "n1") == ["n1"])
        }
    }

    @Test("workers have their node, their queues and their running jobs")
    func workers() async throws {
        try await with { _, queue in
            let list = try await queue.workers(limit: 10)
            let worker = try #require(list.workers.first)
            #expect(list.count == 1 && list.workers.count == 1)
            #expect(worker.host == "host-a" && worker.pid == 77 && worker.node == "n1" && worker.running == 1)
            #expect(worker.queues == ["default"] && worker.aliveUntil > list.now)
        }
    }

    @Test("living workers stand by host and process, behind the dead")
    func order() {
        var list = WorkerList(now: 100)
        let all: [(String, Int64)] = [
            ("b-9-x", 40), ("a-1-x", 90), ("b-7-x", 101), ("a-10-x", 102), ("a-9-y", 103), ("a-9-x", 104),
        ]
        list.workers = all.map { WorkerOverview(id: $0.0, node: "n", aliveUntil: $0.1) }
        list.sort()
        #expect(list.workers.map(\.id) == ["b-9-x", "a-1-x", "a-9-x", "a-9-y", "a-10-x", "b-7-x"])
    }
}
