import DockerPort
import JobContract
import Logging
import Primitives
import Redis
import RuntimeCore
import Support
import Testing

@testable import JobQueue
@testable import Runtime

@Suite("The watch over the Docker Engine", .timeLimit(.minutes(1)))
struct DockerHealthTests {
    private func health(_ docker: FakeDocker) -> DockerHealth {
        DockerHealth(docker: docker, logger: .silent, cameBack: {})
    }

    @Test("takes a cancelled check for no outage: the worker ends, and the other jobs go on")
    func cancelled() async {
        let health = health(FakeDocker())
        let isAway = await withTaskGroup(of: Bool.self) { group in
            group.cancelAll()
            group.addTask { await health.isEngineAway() }
            return await group.next() ?? false
        }
        #expect(isAway)
        #expect(health.engineAnswers)
        #expect(health.misses == 0)
        #expect(health.lastAbsence == nil)
    }

    @Test("knows when an absence began, and when it ended")
    func absence() async throws {
        let docker = FakeDocker()
        let health = health(docker)
        let isAwayBefore = await health.isEngineAway()
        #expect(!isAwayBefore)
        await docker.setReachable(false)
        let isAway = await health.isEngineAway()
        #expect(isAway && !health.engineAnswers)
        let lasting = try #require(health.lastAbsence)
        #expect(lasting.to == nil)
        await docker.setReachable(true)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { await health.run() }
            try await eventually("the return") { health.engineAnswers }
            tasks.cancelAll()
        }
        let over = try #require(health.lastAbsence)
        #expect(over.from == lasting.from)
        #expect(try #require(over.to) >= over.from)
        #expect(health.misses == 0)
    }
}

@Suite("The leader's watch over consumer groups", .timeLimit(.minutes(1)))
struct StreamWatchTests {
    @Test("warns of a group that has lost entries", arguments: ["results", "events"])
    func lost(stream: String) async throws {
        try await WorkerWorld.with { world in
            let key = RedisArgument.string(world.keys.prefix + stream)
            for _ in 0..<3 { _ = try await world.client.send(RedisCommand("XADD", key, "*", "v", "1")) }
            _ = try await world.client.send(RedisCommand("XGROUP", "CREATE", key, "late", "0"))
            let read = RedisCommand("XREADGROUP", "GROUP", "late", "c", "COUNT", 1, "STREAMS", key, ">")
            _ = try await world.client.send(read)
            _ = try await world.client.send(RedisCommand("XTRIM", key, "MAXLEN", 1))
            let log = LogRecord()
            try await world.withWorker(logger: log.logger()) { _ in
                try await eventually("the warning") {
                    log.lines.contains { $0.contains("a consumer group has lost entries") }
                }
            }
            let warnings = log.lines.filter { $0.contains("a consumer group has lost entries") }
            #expect(warnings.count == 1)
            #expect(warnings.first?.contains("group=late") == true)
            #expect(warnings.first?.contains("stream=\(stream)") == true)
        }
    }
}

@Suite("Ends of jobs", .timeLimit(.minutes(1)))
struct ResultBatcherTests {
    @Test("let the worker look for ready jobs again, if an earlier answer was lost")
    func again() async throws {
        try await WorkerWorld.with { world in
            let queue = world.queue()
            try await world.push(.start, "s1")
            try await world.push(.start, "s2")
            try await queue.announce([])
            let decoder = JobDecoder()
            _ = try await queue.intake(queue: "default") { decoder.decode($0) }
            let claimed = try await queue.claim(Capacity(starts: 1, stops: 0)).jobs
            let job = try #require(claimed.first)
            let ending = JobEnding.failed(.startFailed, "x")
            let finished = FinishedJob(job, ending: ending, owner: .keep, freesReservation: false)
            // The answer to this call is lost.
            #expect(try await queue.finish([finished]).hasMadeReady)
            let ready = WakeSignal()
            let batcher = ResultBatcher(queue: queue, madeReady: { ready.raise() })
            #expect(try await batcher.finish(finished) == .again)
            let isRaised = await ready.wait(atMost: .seconds(5))
            #expect(isRaised)
        }
    }
}

@Suite("A stop without a trusted lease", .timeLimit(.minutes(1)))
struct UntrustedStopTests {
    @Test("records no request and asks nothing of the Docker Engine")
    func refused() async throws {
        try await WorkerWorld.with { world in
            let queue = world.queue()
            let id = try await world.docker.run(WorkerWorld.spec(game: "g1")).containerID
            let runner = JobRunner(
                docker: world.docker,
                queue: queue,
                configuration: WorkerConfiguration(node: NodeSettings(stateRoot: world.stateRoot), concurrency: 1),
                images: RecentImages(),
                ownership: ContainerOwnership(docker: world.docker, queue: queue, namespace: "rtm"),
                makeLogger: { .silent },
                progress: ProgressStore(),
                trace: .none,
                claimed: ClaimedJob(
                    id: "t1",
                    gameID: "g1",
                    token: LeaseToken("1-x"),
                    attempt: 1,
                    queue: "default",
                    message: [],
                    run: 1,
                    takenAt: ""
                ),
                permit: ConcurrencyPermit(.stop, IntakeScheduler(queues: [], concurrency: 1))
            )
            let job = Job(id: "t1", kind: .stop, gameID: "g1")
            await ChangePermit.$current.withValue(ChangePermit { false }) {
                await #expect(throws: JobFailure.self) { try await runner.stop(id, job) }
            }
            let notes = try await queue.notes(of: [id])
            #expect(notes[id] == ContainerNotes())
            #expect(await world.docker.calls[.stop] == nil)
        }
    }
}
