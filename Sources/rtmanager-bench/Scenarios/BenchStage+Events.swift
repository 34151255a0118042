import DockerEngine
import DockerPort
import JobContract
import Primitives
import Redis

extension BenchStage {
    /// Measures the delay from the Docker Engine's time of an event to a blocked reader of the stream.
    ///
    /// The scenario makes containers one by one, then as fast as the Docker Engine allows. The baseline is the least
    /// program with the same events: it inspects a started or exited container, as the contract requires, and adds an
    /// entry.
    func events() async throws -> [BenchFigure] {
        try await BenchEngine.with(self) { engine in
            let baseline = try await pumping(engine) { try await watchedRounds(engine, prefix: "baseline") }
            let worker = try await engine.withWorker { try await watchedRounds(engine, prefix: "worker") }
            return worker.calm.figures("one by one", beside: baseline.calm)
                + worker.burst.figures("burst", beside: baseline.burst)
        }
    }

    private func watchedRounds(
        _ engine: BenchEngine,
        prefix: String
    ) async throws -> (calm: EventWatch, burst: EventWatch) {
        let calm = try await watched(engine, "\(prefix)-calm") { games in
            for number in 0..<options.full(66, quick: 4) {
                let game = games.game(number)
                let id = try await engine.run(game).containerID
                games.add(id)
                try await games.awaitTold("started", of: id)
                try await engine.docker.kill(engine.containerName(game), signal: "SIGKILL")
                // The Docker Engine locks a container during its removal. An inspection of the exit would wait
                // meanwhile.
                try await games.awaitTold("exited", of: id)
                try await engine.docker.remove(engine.containerName(game))
                try await games.awaitTold("removed", of: id)
            }
        }
        let burst = try await watched(engine, "\(prefix)-burst") { games in
            let (containers, wave) = options.full((2_000, 50), quick: (67, 34))
            for start in stride(from: 0, to: containers, by: wave) {
                let names = (start..<min(start + wave, containers)).map { games.game($0) }
                try await inFlight(4, names) { games.add(try await engine.run($0).containerID) }
                // Each container has two events here, as fast as the Docker Engine sends them.
                try await inFlight(8, names) { try await engine.docker.remove(engine.containerName($0)) }
            }
        }
        return (calm, burst)
    }

    /// Runs `body` beside the baseline. The baseline publishes each event directly after the container's inspection.
    private func pumping<R: Sendable>(_ engine: BenchEngine, _ body: () async throws -> R) async throws -> R {
        let events = try await engine.docker.eventsListen(since: nil)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await withThrowingDiscardingTaskGroup { looks in
                    for try await event in events {
                        guard let step = EventWatch.step(of: event),
                            event.labels[GalaxyLabel.namespace] == redis.keys.namespace
                        else { continue }
                        looks.addTask { try await tell(step, of: event, engine) }
                    }
                }
            }
            let value = try await body()
            group.cancelAll()
            while let outcome = await group.nextResult() { _ = outcome }
            return value
        }
    }

    private func tell(_ step: String, of event: DockerEvent, _ engine: BenchEngine) async throws {
        if step != "removed" { _ = try? await engine.docker.inspectContainer(event.containerID.text) }
        let fields = [
            ("event", step), ("action", event.action), ("container_id", event.containerID.text),
            ("game_id", event.labels[GalaxyLabel.gameID] ?? ""), ("occurred_at", event.occurredAt.rfc3339),
        ]
        let texts = fields.flatMap { [RedisArgument.string($0.0), .string($0.1)] }
        _ = try await redis.client.send(
            RedisCommand("XADD", arguments: [.string(redis.keys.events), "*"] + texts)
        )
    }

    /// Observes the containers made by `body`, with a bare reader of the Docker Engine and a reader of the stream.
    ///
    /// The observation ends when all events are published, or 20 s after `body`.
    private func watched(
        _ engine: BenchEngine,
        _ prefix: String,
        _ body: (EventWatch) async throws -> Void
    ) async throws -> EventWatch {
        let watch = EventWatch(prefix: prefix)
        let reader = reader()
        let cursor = try await redis.lastID(of: redis.keys.events)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for try await event in try await engine.docker.eventsListen(since: nil) {
                    guard event.labels[GalaxyLabel.namespace] == redis.keys.namespace else { continue }
                    watch.bare(event)
                }
            }
            group.addTask { try await readStream(reader, from: cursor, into: watch) }
            try await body(watch)
            // Events missing after this time are lost.
            let end = ContinuousClock.now.advanced(by: .seconds(20))
            while watch.missing > 0, ContinuousClock.now < end { try await Task.sleep(for: .milliseconds(20)) }
            group.cancelAll()
            while let outcome = await group.nextResult() { _ = outcome }
        }
        await reader.close()
        return watch
    }

    private func readStream(
        _ reader: RedisBlockingConnection,
        from first: String,
        into watch: EventWatch
    ) async throws {
        var cursor = first
        while !Task.isCancelled {
            let answer = try await reader.send(
                RedisCommand("XREAD", "BLOCK", "1000", "STREAMS", .string(redis.keys.events), .string(cursor)),
                serverTimeout: .seconds(1)
            )
            let now = SystemClock.now()
            for entry in answer.array?.first?.array?.last?.array ?? [] {
                guard let parts = entry.array, let id = parts.first?.string else { continue }
                cursor = id
                watch.told(JobResult(pairs: (parts.last?.array ?? []).compactMap(\.string)).fields, at: now)
            }
        }
    }
}
