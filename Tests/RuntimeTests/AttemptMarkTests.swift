import DockerPort
import JobContract
import JobQueue
import Primitives
import Redis
import RuntimeCore
import Support
import Testing

@testable import Runtime

/// The marks in Redis after an attempt without success. The Docker Engine may still hold a container of the attempt, or
/// create a container later.
@Suite("After an attempt that may have left a container", .timeLimit(.minutes(2)))
struct AttemptMarkTests {
    /// Pauses so long that no test sees a second attempt.
    private static let hours = RetryPolicy(base: .seconds(36_000), cap: .seconds(36_000))

    private static func lost(_ code: DockerError.Code, mayHaveHappened: Bool) -> DockerError {
        DockerError(
            code,
            operation: "run",
            message: "no answer",
            retryable: true,
            mayHaveHappened: mayHaveHappened
        )
    }

    private func isDirty(_ id: JobID, _ world: WorkerWorld) async throws -> Bool {
        try await world.client.send(RedisCommand("HEXISTS", .string(world.keys.job(id)), "_dirty")).integer == 1
    }

    private func owner(_ world: WorkerWorld) async throws -> String? {
        try await world.client.send(RedisCommand("HGET", "{rtm}:owners", "g1")).string
    }

    @Test(
        "and waits for its next attempt, a stop lets the node undo the start first",
        arguments: [
            lost(.timeout, mayHaveHappened: true), lost(.unavailable, mayHaveHappened: true),
            lost(.unavailable, mayHaveHappened: false),
        ]
    )
    func parked(error: DockerError) async throws {
        try await WorkerWorld.with { world in
            await world.docker.fail(.run, with: error, takesEffect: true)
            try await world.withWorker(retries: Self.hours) { _ in
                try await world.push(.start, "s1")
                try await eventually("the pause") { try await world.state("s1") == "retrying" }
                #expect(try await isDirty("s1", world))
                #expect(try await world.holdsRoom("g1"))
                try await world.push(.stop, "t1")
                #expect(try await world.result("s1").outcome == .superseded)
                // The undo has removed the container, so the stop finds none.
                #expect(try await world.result("t1").effect == .alreadyAbsent)
                let containers = await world.docker.containersByName
                #expect(containers.isEmpty)
                #expect(try await !world.holdsRoom("g1"))
            }
        }
    }

    @Test("and whose later call failed, a remove without `force` lets the node undo the start first")
    func failedAfterStart() async throws {
        try await WorkerWorld.with { world in
            await Self.addSilentGame(to: world)
            try await world.withWorker(retries: Self.hours) { _ in
                try await world.push(.start, "s1", more: #","ready_timeout_seconds":60"#)
                try await eventually("the wait", until: { $0 > 2 }) { await world.inspections() }
                let failed = DockerError(.engineError, operation: "inspect", message: "busy", retryable: true)
                await world.docker.fail(.inspectContainer, with: failed)
                try await eventually("the pause") { try await world.state("s1") == "retrying" }
                #expect(try await isDirty("s1", world))
                #expect(try await world.holdsRoom("g1"))
                try await world.push(.remove, "r1")
                #expect(try await world.result("s1").outcome == .superseded)
                #expect(try await world.result("r1").effect == .alreadyAbsent)
                #expect(await world.docker.containersByName.isEmpty)
            }
        }
    }

    @Test("and could not remove it when a stop came, the next attempt removes it", arguments: [1, 2])
    func notRemovedWhenCancelled(failures: Int) async throws {
        try await WorkerWorld.with { world in
            await Self.addSilentGame(to: world)
            try await world.withWorker { _ in
                try await world.push(.start, "s1", more: #","ready_timeout_seconds":600"#)
                try await eventually("the wait", until: { $0 > 2 }) { await world.inspections() }
                let busy = DockerError(.engineError, operation: "stop", message: "busy", retryable: true)
                await world.docker.fail(.stop, with: busy, times: failures)
                await world.docker.fail(.remove, with: busy, times: failures)
                try await world.push(.stop, "t1")
                #expect(try await world.result("s1").outcome == .superseded)
                #expect(try await world.result("t1").effect == .alreadyAbsent)
                #expect(await world.docker.containersByName.isEmpty)
            }
        }
    }

    /// Adds an image whose game never answers.
    private static func addSilentGame(to world: WorkerWorld) async {
        await world.docker.addImage(FakeDocker.Image("engine:1", labels: ["com.galaxy.port": "1"]))
    }

    @Test("a clean failure leaves no mark, and frees the place of a game that does not run")
    func clean() async throws {
        try await WorkerWorld.with { world in
            await world.docker.fail(.run, with: Self.lost(.timeout, mayHaveHappened: false))
            try await world.withWorker(retries: Self.hours) { _ in
                try await world.push(.start, "s1")
                try await eventually("the pause") { try await world.state("s1") == "retrying" }
                #expect(try await !isDirty("s1", world))
                #expect(try await !world.holdsRoom("g1"))
            }
        }
    }

    @Test("a clean failure of a restart keeps the place of the game, which still runs")
    func restart() async throws {
        try await WorkerWorld.with { world in
            try await world.withWorker(retries: Self.hours) { _ in
                try await world.push(.start, "s1")
                #expect(try await world.result("s1").effect == .started)
                await world.docker.fail(.inspectImage, with: Self.lost(.engineError, mayHaveHappened: false))
                try await world.push(.restart, "r1")
                try await eventually("the pause") { try await world.state("r1") == "retrying" }
                #expect(try await !isDirty("r1", world))
                #expect(try await world.holdsRoom("g1"))
            }
        }
    }

    @Test("that nobody could remove, the game keeps its owner and its place, also if the container does not run yet")
    func notRemoved() async throws {
        try await WorkerWorld.with { world in
            try await world.withWorker { _ in
                var spec = WorkerWorld.spec(game: "g1")
                spec.labels[GalaxyLabel.jobID] = "s1"
                await world.docker.addForeignContainer(spec, running: false)
                let busy = DockerError(.engineError, operation: "remove", message: "busy", retryable: true)
                await world.docker.fail(.remove, with: busy, times: 50)
                try await world.push(.start, "s1", more: #","max_attempts":1"#)
                let result = try await world.result("s1", within: .seconds(30))
                #expect(result.outcome == .failed)
                #expect(result.errorCode == "docker_error")
                #expect(try await world.holdsRoom("g1"))
                #expect(try await owner(world) == "n1")
            }
        }
    }

    @Test("a job whose lease refused a change is given back with a mark, if its worker ends")
    func refusedAndDrained() async throws {
        try await WorkerWorld.with { world in
            await world.docker.delay(.run, by: .seconds(60))
            try await world.withWorker(drain: .milliseconds(50)) { worker in
                try await world.push(.start, "s1")
                try await eventually("the run") { await world.docker.calls[.run] == 1 }
                let lease = try #require(worker.state.leases.all.first)
                // As after a suspension of the machine, longer than the lease.
                #expect(!lease.allowsChanges(at: MonotonicClock.now.advanced(by: .seconds(3_600))))
            }
            #expect(try await world.state("s1") == "waiting")
            #expect(try await isDirty("s1", world))
        }
    }

    @Test("a job that its ending worker could clean up is given back without a mark")
    func drained() async throws {
        try await WorkerWorld.with { world in
            await world.docker.delay(.run, by: .seconds(60))
            try await world.withWorker(drain: .milliseconds(50)) { _ in
                try await world.push(.start, "s1")
                try await eventually("the run") { await world.docker.calls[.run] == 1 }
            }
            #expect(try await world.state("s1") == "waiting")
            #expect(try await !isDirty("s1", world))
        }
    }
}

@Suite("A lease's trust", .timeLimit(.minutes(1)))
struct LeaseTrustTests {
    @Test("ends before the lease: by a margin for slow answers and for clocks of different rates")
    func margin() async throws {
        // The margin is a fifth of the lease: 12 s.
        try await WorkerWorld.with(lease: .seconds(60)) { world in
            await world.docker.delay(.run, by: .seconds(60))
            try await world.withWorker(drain: .milliseconds(50)) { worker in
                let before = MonotonicClock.now
                try await world.push(.start, "s1")
                try await eventually("the run") { await world.docker.calls[.run] == 1 }
                let lease = try #require(worker.state.leases.all.first)
                let claimed = MonotonicClock.now
                #expect(lease.allowsChanges(at: before.advanced(by: .seconds(47))))
                #expect(!lease.allowsChanges(at: claimed.advanced(by: .seconds(48))))
                // The same for an extension.
                let first = try await self.end(of: "s1", world)
                worker.state.beatNow.raise()
                try await eventually("the extension") { try await self.end(of: "s1", world) > first }
                let extended = MonotonicClock.now
                #expect(!lease.allowsChanges(at: extended.advanced(by: .seconds(48))))
            }
        }
    }

    /// The end of the job's lease in Redis.
    private func end(of id: JobID, _ world: WorkerWorld) async throws -> Int64 {
        let score = try await world.client.send(RedisCommand("ZSCORE", "{rtm}:leases", .string(id.text))).string
        return score.flatMap { Double($0) }.map { Int64($0) } ?? 0
    }

    @Test("never comes back after a lost lease, whatever Redis answers later")
    func lost() {
        let now = MonotonicInstant(nanoseconds: 0)
        let lease = JobLease(id: "j", token: "t", trustedUntil: now.advanced(by: .seconds(10)))
        #expect(lease.allowsChanges(at: now))
        lease.answered(.lost, trustedUntil: now.advanced(by: .seconds(20)))
        #expect(lease.verdict == .lost)
        #expect(!lease.allowsChanges(at: now))
        for answer in [LeaseReply.ok, .cancel] {
            lease.answered(answer, trustedUntil: now.advanced(by: .seconds(30)))
            #expect(lease.verdict == .lost)
            #expect(!lease.allowsChanges(at: now))
        }
    }

    @Test("is never shortened by a late answer to an earlier extension")
    func late() {
        let now = MonotonicInstant(nanoseconds: 0)
        let lease = JobLease(id: "j", token: "t", trustedUntil: now.advanced(by: .seconds(10)))
        lease.answered(.ok, trustedUntil: now.advanced(by: .seconds(20)))
        lease.answered(.ok, trustedUntil: now.advanced(by: .seconds(15)))
        #expect(lease.allowsChanges(at: now.advanced(by: .seconds(19))))
        #expect(!lease.allowsChanges(at: now.advanced(by: .seconds(20))))
        #expect(lease.hasRefused)
    }

    @Test("is lost as soon as the same worker has the job under another token")
    func replaced() {
        let book = LeaseBook()
        let now = MonotonicInstant(nanoseconds: 0)
        let first = JobLease(id: "j", token: "1", trustedUntil: now.advanced(by: .seconds(10)))
        let second = JobLease(id: "j", token: "2", trustedUntil: now.advanced(by: .seconds(20)))
        book.insert(first)
        book.insert(second)
        #expect(first.verdict == .lost && !first.allowsChanges(at: now))
        #expect(second.verdict == .ok && second.allowsChanges(at: now))
    }

    @Test("of an ended attempt does not take the next attempt of the job out of the book")
    func book() {
        let book = LeaseBook()
        let now = MonotonicInstant(nanoseconds: 0)
        let first = JobLease(id: "j", token: "1", trustedUntil: now)
        let second = JobLease(id: "j", token: "2", trustedUntil: now)
        book.insert(first)
        book.insert(second)
        book.remove(first)
        #expect(book.all.map(\.token) == ["2"])
        book.remove(second)
        #expect(book.all.isEmpty)
    }
}
