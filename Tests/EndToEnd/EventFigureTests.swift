import DockerEngine
import DockerPort
import Foundation
import JobContract
import Logging
import Primitives
import Redis
import Models
import Support
import Synchronization
import Testing

extension Deployment {
    /// Figures for a person, as in ``MeasureTests``: a few rounds, and with `RTM_TEST_MEASURE=1` as many as figures
    /// need.
    @Suite("Measurements of events", .tags(.timing), .engineWorld, .timeLimit(.minutes(30)))
    struct EventFigureTests {
        @Test(
            "the time from a leader's end to the first event of the next leader",
            arguments: [9, 15] as [Int32]
        )
        func takeOver(_ signal: Int32) async throws {
            try await Fleet.with(workers: 2, world: try #require(EngineWorld.current)) { fleet in
                var times: [Duration] = []
                for round in 0..<(MeasureTests.isMeasuring ? 30 : 1) {
                    let game: GameID = "g\(round)"
                    let id = try await fleet.runByHand(game: game)
                    try await fleet.events(ofGame: game, until: ["started"])
                    let leader = try await fleet.leader()
                    let begin = ContinuousClock.now
                    leader.process.signal(signal)
                    try await fleet.world.engine.docker("kill", id.text)
                    try await fleet.events(ofGame: game, until: ["started", "exited"])
                    times.append(begin.duration(to: .now))
                    try await fleet.world.engine.docker("rm", "--force", id.text)
                    _ = await leader.process.waitForExit()
                    try await fleet.startWorker()
                }
                report("take-over after signal \(signal)", times)
                let problems = Checker.problems(try await fleet.events())
                #expect(problems == [])
            }
        }

        @Test("the time from Docker's time stamp to the stream, compared with a direct reader of Docker")
        func delay() async throws {
            let world = try #require(EngineWorld.current)
            let logger = Logger(label: "measure") { _ in SwiftLogNoOpLogHandler() }
            let configuration = try DockerEngine.Configuration(environment: ["DOCKER_HOST": world.engine.host])
            let bare = Readings()
            try await DockerEngine.withEngine(configuration: configuration, logger: logger) { engine in
                try await Fleet.with(world: world) { fleet in
                    try await withThrowingTaskGroup(of: Void.self) { group in
                        group.addTask {
                            for try await event in try await engine.eventsListen(since: nil) {
                                guard ["start", "die", "destroy"].contains(event.action) else { continue }
                                bare.add(Self.now.since(event.occurredAt))
                            }
                        }
                        var ids: [ContainerID] = []
                        for round in 0..<(MeasureTests.isMeasuring ? 100 : 3) {
                            let id = try await fleet.runByHand(game: "g\(round)")
                            ids.append(id)
                            try await world.engine.docker("kill", id.text)
                            try await fleet.events(ofGame: "g\(round)", until: ["started", "exited"])
                            try await world.engine.docker("rm", id.text)
                        }
                        try await fleet.untilPublished(ids)
                        group.cancelAll()
                    }
                    report("from the Engine's clock to a bare reader", bare.all)
                    report("from the Engine's clock to the stream", try await delays(fleet))
                }
            }
        }

        /// Of each entry, from what happened to its id, which has whole milliseconds.
        private func delays(_ fleet: Fleet) async throws -> [Duration] {
            let command = RedisCommand("XRANGE", .string(fleet.keys.events), "-", "+")
            return try await fleet.client.send(command).array?.compactMap { entry -> Duration? in
                guard let parts = entry.array, let id = parts.first?.string?.split(separator: "-").first,
                    let written = Int64(id), let pairs = parts.last?.array?.compactMap(\.string)
                else { return nil }
                let fields = JobResult(pairs: pairs).fields
                guard fields["action"] != nil, let time = fields["occurred_at"].flatMap({ Timestamp(rfc3339: $0) })
                else { return nil }
                return Timestamp(millisecondsSinceEpoch: written).since(time)
            } ?? []
        }

        private static var now: Timestamp {
            var time = timespec()
            clock_gettime(CLOCK_REALTIME, &time)
            return Timestamp(seconds: Int64(time.tv_sec), nanoseconds: Int32(time.tv_nsec))
        }

        private func report(_ what: String, _ times: [Duration]) {
            let sorted = times.map { $0 / .milliseconds(1) }.sorted()
            guard let worst = sorted.last else { return }
            let figures = [sorted[sorted.count / 2], sorted[sorted.count * 99 / 100], worst]
                .map { String(format: "%.1f", $0) }
            print("\(what): median \(figures[0]) ms, p99 \(figures[1]) ms, worst \(figures[2]) ms of \(sorted.count)")
        }
    }
}

/// What one task reads and another reports.
private final class Readings: Sendable {
    private let times = Mutex<[Duration]>([])

    var all: [Duration] { times.withLock { $0 } }

    func add(_ time: Duration) { times.withLock { $0.append(time) } }
}

extension Timestamp {
    fileprivate func since(_ other: Timestamp) -> Duration {
        .nanoseconds(nanosecondsSinceEpoch - other.nanosecondsSinceEpoch)
    }
}
