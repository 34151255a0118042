import JobContract
import JobQueue
import Redis
import Support
import Testing

@testable import QueueAdmin

@Suite("Parts of a list of jobs on a real Redis", .timeLimit(.minutes(1)))
struct JobPagingTests {
    private let decoder = JobDecoder()

    /// Walks through the parts of a list from its begin, forward and back, and returns the ids of each part.
    private func walk(
        _ queue: JobQueue,
        _ state: ListedState,
        limit: Int,
        _ change: (inout JobFilter) -> Void = { _ in }
    ) async throws -> (forward: [[JobID]], back: [[JobID]]) {
        var filter = JobFilter()
        filter.states = [state]
        change(&filter)
        func step(_ part: JobListPart) async throws -> JobList {
            try await queue.jobs(filter, part: part, limit: limit, decoder: decoder)
        }
        var list = try await step(.begin)
        var forward = [list.jobs.map(\.id)]
        #expect(!list.hasMoreBefore)
        while list.more.contains(state), let last = list.jobs.last?.position, forward.count < 20 {
            list = try await step(state == .dead ? .before(last) : .after(last))
            #expect(list.hasMoreBefore)
            forward.append(list.jobs.map(\.id))
        }
        var back: [[JobID]] = []
        while let first = list.jobs.first?.position, back.count < 20 {
            list = try await step(state == .dead ? .after(first) : .before(first))
            if !list.jobs.isEmpty { back.append(list.jobs.map(\.id)) }
            #expect(list.more.contains(state))
            if !list.hasMoreBefore { break }
        }
        return (forward, back)
    }

    private func push(_ world: QueueWorld, _ count: Int, queue: String = "default", prefix: String) async throws {
        for number in 1...count {
            let message = QueueWorld.message(.start, JobID("\(prefix)\(number)"), game: GameID("\(prefix)-\(number)"))
            try await world.push(message, queue: queue)
        }
    }

    @Test("waiting jobs come once each: admitted ones, then messages in the order of their queues")
    func waiting() async throws {
        try await QueueWorld.with { world in
            let worker = world.worker("w1")
            try await worker.announce([])
            try await push(world, 4, prefix: "a")
            try await world.intake(worker)
            try await push(world, 3, queue: "low", prefix: "b")
            try await push(world, 2, queue: "other", prefix: "c")
            let (forward, back) = try await walk(worker, .waiting, limit: 2)
            #expect(forward == [["a1", "a2"], ["a3", "a4"], ["b1", "b2"], ["b3", "c1"], ["c2"]])
            #expect(back == [["b3", "c1"], ["b1", "b2"], ["a3", "a4"], ["a1", "a2"]])
            let low = try await walk(worker, .waiting, limit: 2) { $0.queue = "low" }
            #expect(low.forward == [["b1", "b2"], ["b3"]] && low.back == [["b1", "b2"]])
            let odd = try await walk(worker, .waiting, limit: 1) { $0.game = IDPattern("?-1") }
            #expect(odd.forward == [["a1"], ["b1"], ["c1"]] && odd.back == [["b1"], ["a1"]])
        }
    }

    @Test("a position whose message was taken in meanwhile stands at the begin of its queue")
    func gone() async throws {
        try await QueueWorld.with { world in
            let queue = world.worker("w1")
            try await push(world, 3, queue: "low", prefix: "b")
            func list(_ part: JobListPart) async throws -> [JobID] {
                try await queue.jobs(JobFilter(), part: part, limit: 9, decoder: decoder).jobs.map(\.id)
            }
            let position = JobPosition.queued("b2", queue: "low")
            #expect(try await list(.after(position)) == ["b3"])
            #expect(try await list(.before(position)) == ["b1"])
            _ = try await world.client.send(RedisCommand("RPOP", .string(world.keys.queue("low")), 2))
            #expect(try await list(.after(position)) == ["b3"])
            #expect(try await list(.before(position)) == [])
        }
    }

    @Test("running, retrying and dead jobs come once each, in both directions")
    func others() async throws {
        try await QueueWorld.with { world in
            let worker = world.worker("w1")
            try await worker.announce([])
            try await push(world, 9, prefix: "j")
            try await world.intake(worker)
            for (index, job) in try await world.claim(worker, starts: 9).enumerated() {
                switch index % 3 {
                case 0: try await world.finish(worker, job, .failed(.imagePullFailed, "no registry"))
                case 1:
                    let pause = Duration.seconds(60 + index)
                    _ = try await worker.retry(
                        job.held,
                        after: FailedAttempt(pause: pause, code: .timeout, error: "late")
                    )
                default: break
                }
            }
            for state in [ListedState.running, .retrying, .dead] {
                let whole = try await walk(worker, state, limit: 9).forward.flatMap { $0 }
                let (forward, back) = try await walk(worker, state, limit: 1)
                #expect(whole.count == 3 && Set(whole).count == 3 && forward == whole.map { [$0] }, "\(state)")
                #expect(back == whole.dropLast().reversed().map { [$0] }, "\(state)")
            }
        }
    }

    @Test("only the jobs next to a position are kept, however many are searched")
    func nearest() {
        func keys(_ part: JobListPart, _ times: [Int64]) -> [Int64] {
            var nearest = NearestJobs(3, part: part)
            for time in times {
                var detail = JobDetail(id: JobID("j\(time)"), fields: ["state": "retrying"], now: 0)
                detail.due = time
                nearest.add(ListedJob(detail, .retrying))
            }
            return nearest.sorted().compactMap { $0.position.key?.time }
        }
        let times = (0..<100).map { Int64($0 * 37 % 100) }
        let position = JobPosition.admitted(.retrying, at: 50, "j50")
        #expect(keys(.begin, times) == [0, 1, 2] && keys(.begin, [2, 2, 1, 2]) == [1, 2])
        #expect(keys(.after(position), times) == [51, 52, 53] && keys(.before(position), times) == [47, 48, 49])
    }

    @Test(
        "positions have texts",
        arguments: [
            ("running:17:a:b", JobPosition.admitted(.running, at: 17, "a:b")),
            ("waiting::a", .admitted(.waiting, at: .max, "a")), ("queued:a:b/q/x:y", .queued("a:b", queue: "q/x:y")),
            ("dead:17-0", .dead(entry: "17-0")),
        ]
    )
    func texts(text: String, position: JobPosition) {
        #expect(JobPosition(text) == position && position.text == text)
    }

    @Test(
        "other texts are no positions",
        arguments: [
            "", "x", "dead:", "dead:1", "dead:1-x", "queued:a", "queued:/q", "queued:a/", "running:x:a", "running:1:",
            "running:1", "dead:1:a", "x:1:a",
        ]
    )
    func none(text: String) { #expect(JobPosition(text) == nil) }
}
