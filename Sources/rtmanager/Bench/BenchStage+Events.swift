import DockerEngine
import DockerPort
import JobContract
import Redis
import Synchronization
import Timestamps

extension BenchStage {
    /// From the Engine's time of an event to a blocked reader of the stream, beside a bare reader of the Engine: one
    /// container after another, then as fast as the Engine makes them.
    func events() async throws -> [BenchFigure] {
        try await BenchEngine.with(self) { engine in
            try await engine.withWorker {
                let calm = try await watched(engine) { games in
                    for number in 0..<options.full(66, quick: 4) {
                        let game = "calm\(number)"
                        let id = try await engine.run(game).containerID
                        games.add(id)
                        try await games.awaitTold("started", of: id)
                        try await engine.docker.kill(engine.containerName(game), signal: "SIGKILL")
                        // The Engine locks a container that it removes: nobody could look at its end meanwhile.
                        try await games.awaitTold("exited", of: id)
                        try await engine.docker.remove(engine.containerName(game))
                        try await games.awaitTold("removed", of: id)
                    }
                }
                let burst = try await watched(engine) { games in
                    let (containers, wave) = options.full((2_000, 50), quick: (67, 34))
                    for start in stride(from: 0, to: containers, by: wave) {
                        let names = (start..<min(start + wave, containers)).map { "burst\($0)" }
                        try await inFlight(4, names) { games.add(try await engine.run($0).containerID) }
                        // Two events of each, as fast as they come.
                        try await inFlight(8, names) { try await engine.docker.remove(engine.containerName($0)) }
                    }
                }
                return calm.figures("one by one") + burst.figures("burst")
            }
        }
    }

    /// What the bare reader and the reader of the stream saw of the containers that `body` makes, once all is told or
    /// nothing more is to be expected.
    private func watched(
        _ engine: BenchEngine,
        _ body: (EventWatch) async throws -> Void
    ) async throws -> EventWatch {
        let watch = EventWatch()
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
            // What has not come by then has been lost.
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

/// What two readers saw of the same containers.
final class EventWatch: Sendable {
    private struct State {
        var containers: Set<String> = []
        var bare: [Double] = []
        var told: [(step: String, delay: Double)] = []
        /// How often each step of each container was told.
        var counts: [String: Int] = [:]
    }

    private static let steps = ["started", "exited", "removed"]
    private let state = Mutex(State())

    func add(_ container: String) { _ = state.withLock { $0.containers.insert(container) } }

    /// An event as a bare reader of the Engine sees it.
    func bare(_ event: DockerEvent) {
        guard ["start", "die", "destroy"].contains(event.action) else { return }
        let delay = SystemClock.now().milliseconds(since: event.occurredAt)
        state.withLock { $0.bare.append(delay) }
    }

    /// An entry of the stream. Only one that an event of the Engine has brought tells a delay.
    func told(_ fields: [String: String], at now: Timestamp) {
        guard let container = fields["container_id"], let step = fields["event"] else { return }
        let time = fields["action"].flatMap { _ in fields["occurred_at"].flatMap { Timestamp(rfc3339: $0) } }
        state.withLock { state in
            state.counts["\(step) \(container)", default: 0] += 1
            if let time { state.told.append((step, now.milliseconds(since: time))) }
        }
    }

    /// Waits until a step of a container was told, for a while: what was lost is counted in the end.
    func awaitTold(_ step: String, of container: String) async throws {
        let end = ContinuousClock.now.advanced(by: .seconds(5))
        while state.withLock({ $0.counts["\(step) \(container)"] == nil }), ContinuousClock.now < end {
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    /// Steps of the containers that were not told yet.
    var missing: Int {
        state.withLock { state in
            state.containers.reduce(0) { sum, container in
                sum + Self.steps.count { state.counts["\($0) \(container)"] == nil }
            }
        }
    }

    func figures(_ name: String) -> [BenchFigure] {
        let state = state.withLock { $0 }
        let all = state.told.map(\.delay).figures("event to its entry, \(name)", "ms", floor: state.bare)
        // An exit's look waits where the Engine removes the container already, and locks it meanwhile.
        let steps = Self.steps.flatMap { step in
            state.told.filter { $0.step == step }.map(\.delay).figures("event to its entry, \(name), \(step)", "ms")
                .prefix(1)
        }
        return all + steps + [
            BenchFigure("events told, \(name)", Double(state.counts.count), ""),
            BenchFigure("events lost, \(name)", Double(missing), ""),
            BenchFigure("events told twice, \(name)", Double(state.counts.values.count { $0 > 1 }), ""),
        ]
    }
}

extension Timestamp {
    fileprivate func milliseconds(since other: Timestamp) -> Double {
        Double(nanosecondsSinceEpoch - other.nanosecondsSinceEpoch) / 1_000_000
    }
}
