import JobContract
import JobQueue
import Redis
import Support
import Testing

@Suite("The progress of a leased job", .timeLimit(.minutes(2)))
struct ProgressTests {
    private let pulling = JobProgress(.pulling, layersDone: 1, layers: 2, bytesDone: 3, bytesTotal: 4)

    private func shown(_ world: QueueWorld, _ id: JobID = "j1") async throws -> String? {
        try await world.hash(world.keys.job(id))[JobProgress.field]
    }

    /// A world in which `w1` has leased the job `j1`.
    private func withLeasedJob(
        options: JobQueueOptions = JobQueueOptions(),
        _ body: (QueueWorld, JobQueue, ClaimedJob) async throws -> Void
    ) async throws {
        try await QueueWorld.with(options: options) { world in
            let worker = world.worker("w1")
            try await worker.announce([])
            try await world.push(QueueWorld.message(.start, "j1"))
            try await world.intake(worker)
            try await body(world, worker, try #require(await world.claim(worker).first))
        }
    }

    @Test("is in the job's hash while the job runs, and not in the record afterwards")
    func whileItRuns() async throws {
        try await withLeasedJob { world, worker, job in
            #expect(try await shown(world) == nil)
            try await worker.show(pulling, of: job.held)
            #expect(try await shown(world) == "pulling 1 2 3 4")
            try await worker.show(JobProgress(.starting), of: job.held)
            #expect(try await shown(world) == "starting 0 0 0 0")
            #expect(try await world.finish(worker, job) == .ok)
            #expect(try await shown(world) == nil)
            // A word that was late changes nothing of the record.
            let record = try await world.hash(world.keys.job("j1"))
            try await worker.show(pulling, of: job.held)
            #expect(try await world.hash(world.keys.job("j1")) == record)
        }
    }

    @Test("is deleted with the lease, however the lease ends", arguments: ["release", "retry", "lapse"])
    func goesWithTheLease(_ end: String) async throws {
        try await withLeasedJob(options: JobQueueOptions(lease: .milliseconds(300))) { world, worker, job in
            try await worker.show(pulling, of: job.held)
            #expect(try await shown(world) != nil)
            switch end {
            case "release": try await worker.release([job.held])
            case "retry":
                let pause = Duration.seconds(60)
                _ = try await worker.retry(job.held, after: FailedAttempt(pause: pause, code: .timeout, error: "e"))
            default:
                try await eventually("the lease to be taken back", until: { $0 == 1 }) {
                    try await worker.sweep().leasesReclaimed
                }
            }
            #expect(try await shown(world) == nil)
            // Who had it says no more of it.
            try await worker.show(pulling, of: job.held)
            #expect(try await shown(world) == nil)
        }
    }

    @Test("is refused when memory is full, and the job still ends")
    func memoryFull() async throws {
        try await withLeasedJob { world, worker, job in
            _ = try await world.client.send(RedisCommand("CONFIG", "SET", "maxmemory", "1"))
            let error = await #expect(throws: QueueError.self) {
                try await worker.show(pulling, of: job.held)
            }
            #expect(error?.isOutOfMemory == true)
            #expect(try await world.finish(worker, job) == .ok)
        }
    }
}
