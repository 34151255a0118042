import Foundation
import JobContract
import Logging
import Redis
@testable import Support
import Synchronization
import Timestamps

/// Random jobs over many games for several workers on real parts, while things break; then the history of it all.
///
/// What is done, to whom and in which order comes from the seed; when the machine does it does not.
final class Campaign: Sendable {
    /// What breaks.
    enum Fault: String, CaseIterable, Sendable {
        case workerKilled, workerFrozen, workerReplaced, connectionsKilled, scriptsForgotten, redisRestarted
        case engineKilled, engineFrozen, engineRestarted
    }

    static let workers = 3
    static let lease = 3

    let fleet: Fleet
    let docker: PrivateDocker
    private let pushes = Mutex<[History.Push]>([])
    private let faults = Mutex<[String: Int]>([:])

    init(_ fleet: Fleet, _ docker: PrivateDocker) {
        self.fleet = fleet
        self.docker = docker
    }

    /// How often each fault was done.
    var faultsDone: [String: Int] { faults.withLock { $0 } }
    var jobsPushed: Int { pushes.withLock { $0.count } }

    /// Pushes jobs and breaks things for as long as `time`, then waits until all has come to rest.
    func run(seed: UInt64, games: Int, time: Duration) async throws -> History {
        let end = ContinuousClock.now.advanced(by: time)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await self.pushJobs(SeededGenerator(seed: seed), games: games, until: end) }
            group.addTask { try await self.breakThings(SeededGenerator(seed: seed &+ 1), until: end) }
            try await group.waitForAll()
        }
        try await comeToRest()
        return try await history()
    }

    // MARK: Jobs

    private func pushJobs(_ generator: SeededGenerator, games: Int, until end: ContinuousClock.Instant) async throws {
        var random = generator
        var number = 0
        while ContinuousClock.now < end {
            number += 1
            let game = "g\(Int.random(in: 0..<games, using: &random))"
            let kind =
                [JobKind.start, .start, .start, .restart, .stop, .stop, .remove].randomElement(using: &random) ?? .start
            try await push("j\(number)", kind, game, &random)
            try await Task.sleep(for: .milliseconds(Int.random(in: 5...150, using: &random)))
        }
    }

    private func push(_ id: String, _ kind: JobKind, _ game: String, _ random: inout SeededGenerator) async throws {
        let force = kind == .remove && Bool.random(using: &random)
        let message =
            switch kind {
            case .start: fleet.start(id, game: game)
            case .restart:
                Fleet.message(
                    .restart,
                    id,
                    game: game,
                    #""image":"\#(fleet.world.image)","pull_policy":"never","stop_timeout_seconds":1"#
                )
            case .stop: Fleet.message(.stop, id, game: game, #""stop_timeout_seconds":1"#)
            case .remove: Fleet.message(.remove, id, game: game, #""stop_timeout_seconds":1,"force":\#(force)"#)
            }
        // As a producer does that was not answered: again, under the same id.
        try await eventually(within: .seconds(60), "Redis to take \(id)") {
            do {
                try await fleet.push(message)
                return true
            } catch is RedisError {
                return false
            }
        }
        let supersedes = kind == .stop || kind == .remove
        pushes.withLock { $0.append(.init(id: id, kind: kind, game: game, supersedes: supersedes)) }
    }

    // MARK: Faults

    private func breakThings(_ generator: SeededGenerator, until end: ContinuousClock.Instant) async throws {
        var random = generator
        // Each of them once before any twice, in an order of the seed.
        var pending: [Fault] = []
        while ContinuousClock.now < end {
            try await Task.sleep(for: .milliseconds(Int.random(in: 500...2_500, using: &random)))
            if pending.isEmpty { pending = Fault.allCases.shuffled(using: &random) }
            let fault = pending.removeLast()
            try await commit(fault, &random)
            faults.withLock { $0[fault.rawValue, default: 0] += 1 }
        }
    }

    private func commit(_ fault: Fault, _ random: inout SeededGenerator) async throws {
        let living = fleet.workers.filter(\.process.isRunning)
        let victim = living.randomElement(using: &random)
        let moment = Duration.milliseconds(Int.random(in: 10...1_500, using: &random))
        switch fault {
        case .workerKilled:
            await victim?.kill9()
            try await fleet.startWorker()
        case .workerFrozen:
            // Beyond its lease, so that another takes over what it holds.
            victim?.suspend()
            try await Task.sleep(for: .seconds(Self.lease) + moment)
            victim?.resume()
        case .workerReplaced:
            victim?.terminate()
            try await fleet.startWorker()
        case .connectionsKilled: try? await command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        case .scriptsForgotten: try? await command("SCRIPT", "FLUSH")
        case .redisRestarted:
            await fleet.redis.kill9()
            try await Task.sleep(for: moment)
            try await fleet.redis.restart()
        case .engineKilled:
            try await docker.kill9()
            try await Task.sleep(for: moment)
            try await docker.start()
        case .engineFrozen:
            docker.suspend()
            try await Task.sleep(for: moment * 3)
            docker.resume()
        case .engineRestarted:
            try await docker.stop()
            try await docker.start()
        }
    }

    private func command(_ verb: String, _ words: String...) async throws {
        _ = try await fleet.client.send(RedisCommand(verb, arguments: words.map { RedisArgument.string($0) }))
    }

    // MARK: The end

    /// Waits until each job has its result, and each container that is there its story.
    private func comeToRest() async throws {
        for worker in fleet.workers { worker.resume() }
        docker.resume()
        let ids = pushes.withLock { Set($0.map(\.id)) }
        // An Engine that was killed may take minutes to fail at what it cannot do any more; what matters is that it goes on.
        var missing = ids
        while !missing.isEmpty {
            let before = missing
            do {
                try await eventually(within: .seconds(90), "another result") {
                    missing = ids.subtracting(try await fleet.results().map(\.jobID))
                    return missing != before
                }
            } catch is Overdue {
                // The checker says which are missing.
                return
            }
        }
        do {
            try await eventually(within: .seconds(75), "all stories") {
                !Checker.violations(of: try await history()).contains { $0.rule == .story || $0.rule == .started }
            }
        } catch is Overdue {}
    }

    private func history() async throws -> History { try await History(of: fleet, pushes: pushes.withLock { $0 }) }
}
