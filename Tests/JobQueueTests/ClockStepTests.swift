import JobContract
import JobQueue
import Redis
import Support
import Testing

/// Steps of the clock of a real Redis. The library `ClockShift` sets the clock of the running server.
@Suite("Steps of Redis' clock", .tags(.timing), .timeLimit(.minutes(1)))
struct ClockStepTests {
    private static let options = JobQueueOptions(lease: .seconds(10), nodeGrace: .seconds(20))

    /// Runs `body` with a job under a lease of `w1` on `n1`, and with `w2` on `n2`.
    private func withLease(
        _ body: (QueueWorld, ClockShift, _ holder: JobQueue, _ other: JobQueue, ClaimedJob) async throws -> Void
    ) async throws {
        try await ClockShift.with { shift in
            try await QueueWorld.with(options: Self.options, redisLauncher: shift.launcher) { world in
                let (holder, other) = (world.worker("w1"), world.worker("w2", node: "n2"))
                for worker in [holder, other] { try await worker.announce([]) }
                // As if the namespace were older than any outage.
                try await world.set("resumed_at", "1")
                try await world.push(QueueWorld.message(.stop, "j1"))
                try await world.intake(holder)
                let job = try #require(try await world.claim(holder).first)
                try await body(world, shift, holder, other, job)
            }
        }
    }

    @Test("ahead, and back before anybody renews the liveness key, end no lease and lose no node")
    func spike() async throws {
        try await withLease { world, shift, holder, other, job in
            try shift.set(seconds: 40)
            _ = try await world.claim(other)
            try shift.set(seconds: 0)
            #expect(try await other.renewLiveness().mark != nil)
            #expect(try await other.sweep().leasesReclaimed == 0)
            let lost = RedisCommand("ZCARD", .string(world.keys.prefix + "lost_nodes"))
            #expect(try await world.client.send(lost).integer == 0)
            #expect(try await holder.extend([job.held], docker: DockerState(answers: true)).answers == [.ok])
        }
    }

    @Test("that leave the liveness key alive count as time, also if no function has run for long")
    func small() async throws {
        try await withLease { _, shift, holder, other, job in
            for seconds in 1...11 {
                try shift.set(seconds: seconds)
                #expect(try await other.renewLiveness().mark != nil)
            }
            #expect(try await other.sweep().leasesReclaimed == 1)
            #expect(try await holder.extend([job.held], docker: DockerState(answers: true)).answers == [.lost])
        }
    }
}
