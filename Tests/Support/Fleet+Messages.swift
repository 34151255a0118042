import JobContract
import Primitives
import Redis

extension Fleet {
    /// A job message. `more`: further members, as JSON.
    package static func message(_ kind: JobKind, _ id: JobID, game: GameID, _ more: String = "") -> String {
        let rest = more.isEmpty ? "" : "," + more
        return #"{"v":1,"id":"\#(id)","kind":"\#(kind.rawValue)","game_id":"\#(game)"\#(rest)}"#
    }

    /// A start of `image`, or of the world's idle one; never pulled, for there is no registry.
    package func start(_ id: JobID, game: GameID, image: String? = nil, _ more: String = "") -> String {
        let rest = more.isEmpty ? "" : "," + more
        return Self.message(
            .start,
            id,
            game: game,
            #""image":"\#(image ?? world.image)","pull_policy":"never"\#(rest)"#
        )
    }

    /// Pushes messages as producers do: by LPUSH.
    package func push(_ messages: String..., queue: String = "default") async throws {
        for message in messages { try await push(message, to: queue) }
    }

    private func push(_ message: String, to queue: String) async throws {
        let problems = try ContractSchemas.problems(ofAccepted: message)
        guard problems.isEmpty else { throw Overdue("the schema refuses \(message): \(problems)") }
        _ = try await client.send(RedisCommand("LPUSH", .string(keys.queue(queue)), .string(message)))
    }

    /// All results so far, the oldest first.
    package func results() async throws -> [JobResult] {
        try await entries(keys.results)
    }

    /// All results of one id.
    package func results(of id: JobID) async throws -> [JobResult] {
        try await results().filter { $0.jobID == id }
    }

    /// All events so far, the oldest first.
    package func events() async throws -> [[String: String]] {
        try await entries(keys.events).map(\.fields)
    }

    package func events(ofGame game: GameID) async throws -> [[String: String]] {
        try await events().filter { $0["game_id"] == game.text }
    }

    /// All messages and jobs that need an operator, the oldest first.
    package func deadLetters() async throws -> [[String: String]] {
        try await entries(keys.dead).map(\.fields)
    }

    private func entries(_ stream: String) async throws -> [JobResult] {
        let answer = try await client.send(RedisCommand("XRANGE", .string(stream), "-", "+"))
        return (answer.array ?? []).compactMap { $0.array?.last?.array }
            .map { JobResult(pairs: $0.compactMap(\.string)) }
    }

    /// Waits for the result of a job.
    @discardableResult
    package func result(of id: JobID, within limit: Duration = patience) async throws -> JobResult {
        // The record is written with the result; it is cheaper to read.
        try await eventually("the result of \(id)", within: limit, until: { $0["outcome"] != nil }) {
            try await record(of: id)
        }
        guard let result = try await results(of: id).last else { throw Overdue("there is no result of \(id)") }
        return result
    }

    /// Pushes one message and waits for its result.
    package func finish(_ id: JobID, _ message: String, within limit: Duration = patience) async throws
        -> JobResult
    {
        try await push(message)
        return try await result(of: id, within: limit)
    }

    /// Starts a game that ignores SIGTERM, and waits until its process says so. A signal that comes before may end it.
    @discardableResult
    package func finishStubborn(_ id: JobID, game: GameID) async throws -> JobResult {
        let result = try await finish(id, start(id, game: game, image: world.stubbornImage))
        guard let container = result.containerID else { return result }
        try await eventually("the process of \(game)", until: { $0.contains(TestImage.deaf) }) {
            try await world.engine.docker("logs", container.text)
        }
        return result
    }

    /// Waits until the `steps` of `game` are as many as these, and answers its events.
    @discardableResult
    package func events(
        ofGame game: GameID,
        until kinds: [String],
        within limit: Duration = patience
    ) async throws -> [[String: String]] {
        var last: [[String: String]] = []
        let what = "the events \(kinds) of \(game)"
        try await eventually(what, within: limit, until: { $0.count >= kinds.count }) {
            last = try await events(ofGame: game)
            return Self.steps(last)
        }
        return last
    }

    /// What happened, where memory ran out once however often: the kernel may count one want of memory many times,
    /// and the Engine tells of each.
    package static func steps(_ events: [[String: String]]) -> [String] {
        var steps: [String] = []
        for case let kind? in events.map({ $0["event"] }) where kind != "oom" || steps.last != "oom" {
            steps.append(kind)
        }
        return steps
    }

    /// Fields of a job's hash.
    package func record(of id: JobID) async throws -> [String: String] {
        let answer = try await client.send(RedisCommand("HGETALL", .string(keys.job(id))))
        return JobResult(pairs: (answer.array ?? []).compactMap(\.string)).fields
    }
}
