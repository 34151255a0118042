import Primitives
import DockerPort
import JobContract
import Logging
import Redis
import RuntimeCore
import Models
import Support
import Testing

@testable import Runtime

extension ListenerTests {
    @Test(
        "compares lists while Docker's events are unreadable, and reads events again later",
        arguments: [DockerError.Code.engineError, .unavailable]
    )
    func deaf(_ code: DockerError.Code) async throws {
        try await WorkerWorld.with { world in
            let refusal = DockerError(code, operation: "eventsListen", message: "no events", status: 500)
            await world.docker.fail(.eventsListen, with: refusal, times: 4)
            try await world.withWorker { worker in
                let id = await world.docker.addForeignContainer(WorkerWorld.spec(game: "g1"))
                try await expect(["started"], world)
                await world.docker.exit(container: id.text, code: 3)
                try await expect(["started", "exited"], world)
                try await world.docker.remove(id.text)
                try await expect(["started", "exited", "removed"], world)
                #expect(try await world.events().allSatisfy { $0["source"] == "reconcile" })
                #expect(worker.health.engineAnswers)
                try await eventually("the stream to be had", within: .seconds(40), until: { $0 == 1 }) {
                    await world.docker.subscriptionCount
                }
                let next = await world.docker.addForeignContainer(WorkerWorld.spec(game: "g2"))
                try await expect(["started", "exited", "removed", "started"], world)
                let events = try await world.events()
                #expect(events.last?["container_id"] == next.text && events.last?["source"] == "docker")
                #expect(Checker.problems(events, complete: [id]) == [])
            }
        }
    }

    @Test(
        "publishes all steps of many containers, each once, if Docker refuses its events for ever, at once or slowly",
        arguments: [Duration.zero, .milliseconds(1_200)]
    )
    func deafForEver(_ delay: Duration) async throws {
        try await WorkerWorld.with { world in
            await world.docker.delay(.eventsListen, by: delay)
            let refusal = DockerError(.engineError, operation: "eventsListen", message: "no events", status: 503)
            await world.docker.fail(.eventsListen, with: refusal, times: 1_000_000)
            try await world.withWorker { _ in
                var ids: [ContainerID] = []
                for number in 0..<20 {
                    ids.append(await world.docker.addForeignContainer(WorkerWorld.spec(game: "g\(number)")))
                }
                try await eventually("all starts", within: .seconds(10), until: { $0.count == 20 }) {
                    try await kinds(world)
                }
                for (number, id) in ids.enumerated() { await world.docker.exit(container: id.text, code: number) }
                try await eventually("all exits", within: .seconds(10), until: { $0.count == 40 }) {
                    try await kinds(world)
                }
                for id in ids { try await world.docker.remove(id.text) }
                try await eventually("all removals", within: .seconds(10), until: { $0.count == 60 }) {
                    try await kinds(world)
                }
                let events = try await world.events()
                #expect(Checker.problems(events, complete: Set(ids)) == [])
                #expect(events.allSatisfy { $0["source"] == "reconcile" })
                let tries = await world.docker.calls[.eventsListen] ?? 0
                #expect((2...8).contains(tries), "the stream is tried \(tries) times")
            }
        }
    }

    @Test("an exit by the end of Docker keeps its reason if another inspection finds Docker away")
    func dockerEnds() async throws {
        try await WorkerWorld.with { world in
            try await world.withWorker { _ in
                let first = await world.docker.addForeignContainer(WorkerWorld.spec(game: "g1"))
                let second = await world.docker.addForeignContainer(WorkerWorld.spec(game: "g2"))
                try await expect(["started", "started"], world)
                let refusal = DockerError(.unavailable, operation: "ping", message: "refused")
                await world.docker.delay(.ping, by: .milliseconds(500))
                await world.docker.fail(.ping, with: refusal, times: 3)
                let before = await world.docker.calls[.inspectContainer] ?? 0
                await world.docker.exit(container: first.text, code: 0)
                try await eventually("the first inspection", until: { $0 > before }) {
                    await world.docker.calls[.inspectContainer] ?? 0
                }
                await world.docker.fail(.inspectContainer, with: refusal)
                await world.docker.exit(container: second.text, code: 3)
                try await eventually("both exits", within: .seconds(20), until: { $0.count == 4 }) {
                    try await kinds(world)
                }
                let exits = try await world.events().filter { $0["event"] == "exited" }
                #expect(exits.first { $0["container_id"] == first.text }?["reason"] == "daemon_shutdown")
            }
        }
    }

    @Test("an exit by a restart of Docker that no ping has seen has that reason")
    func shortRestart() async throws {
        try await WorkerWorld.with { world in
            try await world.withWorker { worker in
                _ = await world.docker.addForeignContainer(WorkerWorld.spec(game: "g1"))
                try await expect(["started"], world)
                await world.docker.restart()
                try await expect(["started", "exited"], world)
                #expect(try await world.events().last?["reason"] == "daemon_shutdown")
                let next = await world.docker.addForeignContainer(WorkerWorld.spec(game: "g2"))
                try await expect(["started", "exited", "started"], world)
                await world.docker.exit(container: next.text, code: 143)
                try await expect(["started", "exited", "started", "exited"], world)
                #expect(try await world.events().last?["reason"] == "killed")
                #expect(worker.health.engineAnswers)
            }
        }
    }

    @Test("subscribes again if Docker answers no ping, and publishes what was missed")
    func watchdog() async throws {
        try await WorkerWorld.with { world in
            try await world.withWorker { _ in
                let id = await world.docker.addForeignContainer(WorkerWorld.spec(game: "g1"))
                try await expect(["started"], world)
                await world.docker.exitUnheard(container: id.text, code: 3)
                let before = await world.docker.calls[.eventsListen] ?? 0
                let silence = DockerError(.timeout, operation: "ping", message: "no answer", retryable: true)
                await world.docker.fail(.ping, with: silence, times: 6)
                try await eventually("another subscription", within: .seconds(20), until: { $0 > before }) {
                    await world.docker.calls[.eventsListen] ?? 0
                }
                try await expect(["started", "exited"], world)
            }
        }
    }

    @Test("logs an outage of Docker once, and its end")
    func loggedOnce() async throws {
        try await WorkerWorld.with { world in
            let record = LogRecord()
            func lines(_ begin: String) -> [String] { record.lines.filter { $0.hasPrefix(begin) } }
            try await world.withWorker(logger: record.logger(level: .debug)) { _ in
                _ = await world.docker.addForeignContainer(WorkerWorld.spec(game: "g1"))
                try await expect(["started"], world)
                await world.docker.setReachable(false)
                try await eventually("more failures", within: .seconds(20)) {
                    lines("debug Docker's event stream ended").count >= 2
                }
                await world.docker.setReachable(true)
                try await eventually("the end", within: .seconds(20)) {
                    !lines("notice Docker's events are read again after=").isEmpty
                }
            }
            #expect(lines("warning Docker's event stream ended").count == 1)
            #expect(lines("notice Docker's events are read again").count == 1)
        }
    }

    @Test("says in the log that Docker did not begin its events in time")
    func silentStream() async throws {
        try await WorkerWorld.with { world in
            let record = LogRecord()
            try await world.withWorker(logger: record.logger(level: .debug)) { _ in
                _ = await world.docker.addForeignContainer(WorkerWorld.spec(game: "g1"))
                try await expect(["started"], world)
                await world.docker.delay(.eventsListen, by: .seconds(60))
                await world.docker.cutSubscriptions()
                try await eventually("the line", within: .seconds(20)) {
                    record.lines.contains { $0.contains("the Docker Engine did not begin its events within 3s") }
                }
            }
            #expect(!record.lines.contains { $0.contains("DeadlinePassed") })
        }
    }

    @Test("logs no failed reconcile if the end of the stream cancels its call to Redis")
    func cancelledReconcile() async throws {
        try await WorkerWorld.with { world in
            let (record, queue) = (LogRecord(), world.queue())
            let reconciler = Reconciler(
                queue: queue,
                ownership: ContainerOwnership(docker: world.docker, queue: queue, namespace: "rtm"),
                epoch: 1,
                requests: InspectQueue(),
                observations: PublishQueue(cursor: Timestamp(seconds: 0)),
                failures: LogThrottle(),
                logger: record.logger()
            )
            world.redis.suspend()
            await withTaskGroup(of: Void.self) { group in
                group.addTask { try? await reconciler.run(every: .seconds(60), now: WakeSignal()) }
                group.cancelAll()
            }
            world.redis.resume()
            #expect(record.lines == [])
        }
    }

    @Test("a container whose inspection fails delays no other, and is published later")
    func sickContainer() async throws {
        try await WorkerWorld.with { world in
            try await world.withWorker { _ in
                let first = await world.docker.addForeignContainer(WorkerWorld.spec(game: "g0"))
                try await expect(["started"], world)
                let sick = DockerError(.engineError, operation: "inspectContainer", message: "sick", status: 500)
                await world.docker.fail(.inspectContainer, with: sick)
                let id = await world.docker.addForeignContainer(WorkerWorld.spec(game: "g1"))
                try await eventually("the inspection that fails", until: { $0 == 0 }) {
                    await world.docker.faultsLeft(.inspectContainer)
                }
                let other = await world.docker.addForeignContainer(WorkerWorld.spec(game: "g2"))
                try await expect(["started", "started", "started"], world)
                #expect(try await world.events().map { $0["container_id"] } == [first, other, id].map(\.text))
            }
        }
    }

    @Test("delays neither events nor jobs during a reconcile of thousands of containers")
    func manyContainers() async throws {
        try await WorkerWorld.with { world in
            for number in 0..<2_000 { await world.docker.addForeignContainer(WorkerWorld.spec(game: "many-\(number)")) }
            await world.docker.delay(.inspectContainer, by: .milliseconds(5))
            try await world.withWorker { _ in
                try await eventually("the reconcile to be under way", until: { $0.count > 50 }) {
                    try await kinds(world)
                }
                try await world.push(.start, "s1")
                let started = try await world.result("s1", within: .seconds(2))
                let id = try #require(started.containerID)
                let position = try await eventually("the start", within: .seconds(1), until: { $0 > 0 }) {
                    try await world.events().firstIndex { $0["container_id"] == id.text } ?? 0
                }
                #expect(position < 1_900, "published after the reconcile")
                try await eventually("all events", within: .seconds(60), until: { $0.count == 2_001 }) {
                    try await kinds(world)
                }
            }
            #expect(Checker.problems(try await world.events()) == [])
        }
    }

    @Test("publishes the end of a container that is gone, and all steps of one that only a job saw")
    func gone() async throws {
        try await WorkerWorld.with { world in
            let id = await world.docker.addForeignContainer(WorkerWorld.spec(game: "g1"))
            try await world.withWorker { _ in try await expect(["started"], world) }
            try await world.docker.remove(id.text)
            let identity = ContainerIdentity(containerName: "n", gameID: "g2", jobID: "j2", image: "e", labels: [:])
            let checkpoint = Checkpoint(startedAt: FakeDocker.tickingClock()(), identity: identity)
            let other = ContainerID(String(repeating: "b", count: 64))
            _ = try await world.client.send(
                RedisCommand(
                    "HSET",
                    .string(world.keys.started("n1")),
                    .string(other.text),
                    .string(checkpoint.encoded)
                )
            )
            await world.docker.setReachable(false)
            await world.docker.setReachable(true)
            try await world.withWorker("w2") { _ in
                try await eventually("all events", until: { $0.count == 6 }) { try await kinds(world) }
            }
            let events = try await world.events()
            #expect(Checker.problems(events, complete: [id, other]) == [])
            #expect(events.filter { $0["event"] == "exited" }.allSatisfy { $0["reason"] == "unknown" })
        }
    }
}
