import JobContract
import JobQueue
import Redis
import Support
import Testing

@Suite("Jobs with lost records, on a real Redis", .timeLimit(.minutes(2)))
struct LostRecordTests {
    enum Moment: CaseIterable {
        /// The job waits behind the head of its lane.
        case behind
        case ready, retrying, running
    }

    /// Starts a1 and a2 of one game, in a queue that is not `default`.
    private static func with(_ body: (QueueWorld, JobQueue) async throws -> Void) async throws {
        try await QueueWorld.with(options: JobQueueOptions(queues: ["low"], lease: .zero)) { world in
            let worker = world.worker("w1")
            for id: JobID in ["a1", "a2"] {
                try await world.push(QueueWorld.message(.start, id, game: "a"), queue: "low")
            }
            try await world.intake(worker, from: "low")
            try await body(world, worker)
        }
    }

    private func lose(_ id: JobID, _ world: QueueWorld) async throws {
        _ = try await world.client.send(RedisCommand("DEL", .string(world.keys.job(id))))
    }

    @Test("the lane continues with the next job that has a record, and the loss is counted", arguments: Moment.allCases)
    func goesOn(moment: Moment) async throws {
        try await Self.with { world, worker in
            switch moment {
            case .behind:
                let head = try #require(try await world.claim(worker).first)
                try await lose("a2", world)
                try await world.finish(worker, head)
            case .ready: try await lose("a1", world)
            case .retrying:
                let head = try #require(try await world.claim(worker).first)
                let isOurs = try await worker.retry(
                    head.held,
                    after: FailedAttempt(pause: .zero, code: .timeout, error: "late")
                )
                #expect(isOurs)
                try await lose("a1", world)
                _ = try await worker.sweep()
            case .running:
                _ = try await world.claim(worker)
                try await lose("a1", world)
                try await eventually(
                    "the lease to be taken back",
                    until: { (lanes: [String: LaneRecord]) in lanes["a"]?.state == .ready && lanes["a"]?.head == "a2" }
                ) {
                    _ = try await worker.sweep()
                    return try await world.lanes()
                }
            }
            try await world.push(QueueWorld.message(.start, "a3", game: "a"), queue: "low")
            try await world.intake(worker, from: "low")
            let next = try await world.claim(worker)
            #expect(next.map(\.id) == [moment == .behind ? "a3" : "a2"])
            #expect(try await world.hash(world.keys.meta)["lost_records"] == "1")
            #expect(try await world.client.send(RedisCommand("EXISTS", "{rtm}:lost", "{rtm}:lost:sought")).integer == 0)
        }
    }

    @Test("if a lane loses all its jobs, the lane and the counts of live jobs are deleted")
    func all() async throws {
        try await Self.with { world, worker in
            try await lose("a1", world)
            try await lose("a2", world)
            #expect(try await world.claim(worker).isEmpty)
            #expect(try await world.lanes().isEmpty)
            #expect(try await world.hash(world.keys.meta)["lost_records"] == "2")
            _ = try await worker.sweep()
            #expect(try await world.liveCount() == 0)
        }
    }
}
