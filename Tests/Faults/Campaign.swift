import Foundation
import JobContract
import Redis

@testable import Models
@testable import Support

/// Random jobs over many games for several workers on real parts, while things break; then the history of it all.
///
/// What is done, to whom and in which order comes from the seed; when the machine does it does not.
final class Campaign: Sendable {
    /// What its fleet is made of.
    struct Parts: Sendable {
        let fleet: Fleet
        let docker: PrivateDocker
        /// The workers' ways to Redis, which they take in turn.
        let lines: [TCPProxy]
        /// Becomes healthy.
        let healthyImage: String
        let persistence: Persistence
        /// The workers' way to the Engine.
        let engine: EngineProxy
    }

    /// When Redis brings to the disk what it has taken.
    enum Persistence: String, Sendable {
        case always, everysec

        init(seed: UInt64) { self = seed.isMultiple(of: 2) ? .always : .everysec }

        var arguments: [String] { ["--appendonly", "yes", "--appendfsync", rawValue] }
    }

    static let workers = 3
    static let lease = 3
    /// A queue that nobody pushes to, whose key is of a wrong type now and then.
    static let brokenQueue = "broken"
    /// Names that the stricter workers allow for labels of jobs.
    static let strictLabels = "plain.*"

    let parts: Parts
    let games: Int
    let log = CampaignLog()
    var fleet: Fleet { parts.fleet }

    init(_ parts: Parts, games: Int) {
        self.parts = parts
        self.games = games
    }

    /// Pushes jobs and breaks things for as long as `time`, then waits until all has come to rest.
    func run(seed: UInt64, time: Duration) async throws -> History {
        for _ in 0..<Self.workers { try await startWorker() }
        let end = ContinuousClock.now.advanced(by: time)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await self.pushJobs(SeededGenerator(seed: seed), until: end) }
            group.addTask { try await self.breakThings(SeededGenerator(seed: seed &+ 1), until: end) }
            group.addTask { try await self.watchFile(until: end) }
            try await group.waitForAll()
        }
        try await removeBrokenKeys()
        // What Redis has forgotten may run on, and nobody knows; the next job of the game knows.
        if !log.forgotten.isEmpty { try await pushLastJobs() }
        try await comeToRest()
        return try await history()
    }

    /// Starts one that reaches Redis by the next of the lines. Every third has a stricter policy than the others.
    func startWorker() async throws {
        let number = fleet.workers.count
        let line = parts.lines[number % parts.lines.count]
        var settings = ["RTM_REDIS_URL": "redis://127.0.0.1:\(line.port)", "DOCKER_HOST": parts.engine.host]
        let isStrict = number % Self.workers == 2
        if isStrict { settings["RTM_ALLOWED_LABELS"] = Self.strictLabels }
        let worker = try await fleet.startWorker(settings)
        if isStrict { log.add(strict: worker) }
    }

    /// Results of jobs that a worker ran whose policy forbids them.
    func forbiddenStarts() async throws -> [JobResult] {
        let (strict, labelled) = (log.strict, log.labelled)
        return try await fleet.results().filter { result in
            result.effect == .started && labelled.contains(result.jobID)
                && strict.contains { $0.isWorker(result.fields["worker"] ?? "") }
        }
    }

    func command(_ verb: String, _ words: String...) async throws -> RedisValue {
        try await fleet.client.send(RedisCommand(verb, arguments: words.map { RedisArgument.string($0) }))
    }

    // MARK: The end

    /// Waits until each job has its result, and each existing container its events.
    private func comeToRest() async throws {
        for worker in fleet.workers { worker.resume() }
        parts.docker.resume()
        let sure = Set(log.pushes.filter { !$0.mayBeLost }.map(\.key))
        // An Engine that was killed may take minutes to fail at what it cannot do any more; what matters is that it goes on.
        var missing = sure
        while !missing.isEmpty {
            let before = missing
            do {
                try await eventually("another result", within: .seconds(90)) {
                    missing = sure.subtracting(try await history().results.map(\.key))
                    return missing != before
                }
            } catch is Overdue {
                // If the Engine can remove its containers, the checker says which are missing.
                guard try await restartStuckEngine() else { return }
            }
        }
        do {
            let awaited: Set<Checker.Rule> = [.lifecycle, .started, .empty, .rest]
            try await eventually("all events, and nothing left", within: .seconds(75)) {
                awaited.isDisjoint(with: Checker.violations(of: try await history()).map(\.rule))
            }
        } catch is Overdue {
            // The checker says what is missing.
        }
    }

    /// Restarts an Engine with a dead container. Such an Engine was killed, has left the container's file system mounted,
    /// and cannot remove the container any more. Returns whether there was one.
    private func restartStuckEngine() async throws -> Bool {
        let dead = try await parts.docker.engine.docker("ps", "--all", "--quiet", "--filter", "status=dead")
        guard !dead.isEmpty else { return false }
        print("the Engine cannot remove \(dead), and starts again")
        try await parts.docker.stop()
        try await parts.docker.start()
        return true
    }

    private func history() async throws -> History {
        var history = try await History(of: fleet, pushes: log.pushes)
        history.forgotten = log.forgotten
        return history
    }
}
