import JobContract
import Logging
import Redis
import Synchronization
import Terminal

extension Actions {
    /// Runs the whole demo on this machine, with a private Redis and the local Docker Engine.
    ///
    /// - Parameter stays: Whether the demo goes on after its story, until a signal.
    static func runDemo(stays: Bool, output: OutputFormat, logger: Logger) async throws(CommandError) {
        let printer = DemoPrinter(output)
        let logger = logger.forCommand
        printer.title("rtmanager demo: the story of three games")
        let hasStayed = Mutex(false)
        let interruption: Interruption
        do {
            interruption = try await Interruption.ending {
                try await DemoStage.with(printer, logger) { stage in
                    let story = DemoStory(stage: stage, printer: printer, logger: logger)
                    try await story.tell(stays: stays) { redis in
                        hasStayed.withLock { $0 = true }
                        let redis = PatientRedis(client: redis, printer: printer)
                        try await DemoStay(stage: stage, printer: printer, redis: redis).run()
                    }
                }
            }
        } catch let error as CommandError {
            throw error
        } catch {
            throw .failed("the demo broke off: \(error)")
        }
        if hasStayed.withLock({ $0 }) {
            printer.moral("Everything of the demo has been taken down.")
        } else if interruption.hasHappened {
            throw .failed("interrupted; everything of the demo has been taken down")
        }
    }
}

/// The steps of the demo: the jobs of a Game Master, and the results and events.
struct DemoStory: Sendable {
    let stage: DemoStage
    let printer: DemoPrinter
    let logger: Logger
    private let seen = StreamCounts()

    init(stage: DemoStage, printer: DemoPrinter, logger: Logger) {
        self.stage = stage
        self.printer = printer
        self.logger = logger
    }

    private var keys: Keyspace { Keyspace(namespace: stage.namespace) }
    private static let games: [GameID] = ["lobby", "arena", "chess"]

    /// Plays the story.
    ///
    /// - Parameters:
    ///   - stays: Whether the games start again at the end.
    ///   - stay: Called after the story if `stays` is true.
    func tell(stays: Bool, _ stay: @Sendable (RedisClient) async throws -> Void) async throws {
        let configuration = try RedisConfiguration(url: stage.redisURL)
        // The demo itself says what it knows of an outage.
        var quiet = logger
        quiet.logLevel = .critical
        try await RedisClient.withClient(configuration, logger: quiet) { redis in
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await follow(configuration) }
                try await play(redis)
                if stays {
                    printer.act("The three games start again, and stay")
                    try await push(redis, Self.games.map { start("stay-\($0)", $0) }, events: 3)
                }
                group.cancelAll()
            }
            let (results, events) = seen.counts
            let end = stays ? "" : " Everything of the demo is taken down now."
            printer.moral("\(results) jobs, \(results) results, \(events) events, each once.\(end)")
            if stays { try await stay(redis) }
        }
    }

    private func play(_ redis: RedisClient) async throws {
        printer.act("The Game Master starts three games, one engine container each")
        try await push(redis, Self.games.map { start("start-\($0)", $0) }, events: 3)
        printer.act("It is not sure, and asks again: nothing is done twice")
        try await push(redis, [start("again-lobby", "lobby")], events: 0)
        printer.act("Somebody pushes garbage: it ends as one rejected result and hurts nobody")
        let garbage = #"{"v":1,"kind":"explode","id":"garbage"}"#
        try await push(redis, [DemoJob(id: "garbage", kind: "?", game: "-", json: garbage)], events: 0)
        printer.act("The games end")
        try await push(redis, Self.games.map { .stop("stop-\($0)", $0) }, events: 3)
        printer.act("The containers go; each game's state stays on its node")
        try await push(redis, Self.games.map { .remove("remove-\($0)", $0) }, events: 3)
    }

    private func start(_ id: String, _ game: GameID) -> DemoJob { .start(id, game, image: stage.image) }

    /// Pushes messages and waits for a result of each message, and for `events` events.
    private func push(_ redis: RedisClient, _ messages: [DemoJob], events: Int) async throws {
        let before = seen.counts
        for message in messages {
            printer.pushed(message.kind, message.game)
            _ = try await redis.send(RedisCommand("LPUSH", .string(keys.queue("default")), .string(message.json)))
        }
        try await awaitReadiness("what the workers make of it", within: .seconds(60)) {
            seen.counts.results >= before.results + messages.count && seen.counts.events >= before.events + events
        }
    }

    /// Prints the new entries of both streams.
    private func follow(_ configuration: RedisConfiguration) async throws {
        let connection = RedisBlockingConnection(configuration, logger: logger)
        var positions = [keys.results: "0-0", keys.events: "0-0"]
        while !Task.isCancelled {
            let command = RedisCommand(
                "XREAD",
                "COUNT",
                64,
                "BLOCK",
                1000,
                "STREAMS",
                .string(keys.results),
                .string(keys.events),
                .string(positions[keys.results] ?? "0-0"),
                .string(positions[keys.events] ?? "0-0")
            )
            let answer = try await connection.send(command, serverTimeout: .seconds(1))
            for stream in answer.array ?? [] {
                guard let name = stream.array?.first?.string else { continue }
                for entry in stream.array?.last?.array ?? [] {
                    guard let parts = entry.array, let id = parts.first?.string else { continue }
                    positions[name] = id
                    let result = JobResult(pairs: (parts.last?.array ?? []).map { $0.string ?? "" })
                    if name == keys.results { printer.result(result) } else { printer.event(result.fields) }
                    seen.count(isResult: name == keys.results)
                }
            }
        }
        await connection.close()
    }
}

/// The number of seen entries in each stream.
private final class StreamCounts: Sendable {
    private let numbers = Mutex((results: 0, events: 0))

    var counts: (results: Int, events: Int) { numbers.withLock { $0 } }

    func count(isResult: Bool) {
        numbers.withLock { if isResult { $0.results += 1 } else { $0.events += 1 } }
    }
}
