import JobContract
import JobQueue
import Redis
import Support
import Testing

@Suite("The liveness key, on a real Redis", .tags(.timing), .timeLimit(.minutes(1)))
struct LivenessTests {
    @Test("heartbeats keep the key, and only a sweep or a registration creates it")
    func key() async throws {
        try await QueueWorld.with { world in
            let worker = world.worker("w1")
            #expect(try await worker.renewLiveness().mark == nil)
            #expect(try await worker.renewLiveness().mark == nil)
            _ = try await worker.sweep()
            #expect(try await worker.renewLiveness().mark == nil)
            _ = try await worker.sweep(docker: DockerState(answers: true), after: true ? .outage : .none)
            #expect(try await worker.renewLiveness().mark != nil)
            let left = try await world.client.send(RedisCommand("PTTL", .string(world.keys.liveness))).integer ?? 0
            #expect((3_000...4_000).contains(left))
            _ = try await world.client.send(RedisCommand("DEL", .string(world.keys.liveness)))
            try await worker.register()
            #expect(try await worker.renewLiveness().mark != nil)
        }
    }

    @Test("every worker learns of an outage and of lost data, whoever noticed them")
    func everybody() async throws {
        try await QueueWorld.with { world in
            let (one, two) = (world.worker("w1"), world.worker("w2", node: "n2"))
            for worker in [one, two] { try await worker.announce([]) }
            let mark = try await two.renewLiveness().mark
            #expect(try await one.renewLiveness().mark == mark)
            #expect(try await two.sweep().mustAnnounce == false)
            _ = try await world.client.send(RedisCommand("FLUSHALL"))
            #expect(try await one.renewLiveness().mark == nil)
            #expect(try await one.sweep(docker: DockerState(answers: true), after: true ? .outage : .none).mustAnnounce)
            let later = try await two.renewLiveness().mark
            #expect(later != nil && later != mark)
            #expect(try await two.sweep().mustAnnounce)
        }
    }

    @Test(
        "an expired lease is reclaimed at once, but one lease later after an outage"
    )
    func leases() async throws {
        let lease = Duration.milliseconds(300)
        try await QueueWorld.with(options: JobQueueOptions(lease: lease)) { world in
            let worker = world.worker("w1")
            try await worker.announce([])
            for isAfterSilence in [false, true] {
                try await world.push(QueueWorld.message(.stop, isAfterSilence ? "j2" : "j1", game: "g2"))
                try await world.intake(worker)
                let job = try #require(try await world.claim(worker).first)
                try await eventually("the lease to run out") {
                    _ = try await worker.renewLiveness()
                    let end = try await world.client.send(
                        RedisCommand("ZSCORE", .string(world.keys.prefix + "leases"), .string(job.id.text))
                    )
                    return try await worker.redisTime() > (end.string.flatMap { Int64($0) } ?? .max)
                }
                if isAfterSilence { _ = try await world.client.send(RedisCommand("DEL", .string(world.keys.liveness))) }
                let outcome = try await worker.sweep()
                #expect(outcome.leasesReclaimed == (isAfterSilence ? 0 : 1))
                guard isAfterSilence else {
                    let again = try #require(try await world.claim(worker).first)
                    try await world.finish(worker, again, JobEnding(.succeeded, effect: .none))
                    continue
                }
                let resumed = try await worker.redisTime()
                try await eventually("the lease to be taken back", until: { $0.leasesReclaimed == 1 }) {
                    _ = try await worker.renewLiveness()
                    return try await worker.sweep()
                }
                #expect(try await worker.redisTime() >= resumed + 250)
            }
        }
    }
}
