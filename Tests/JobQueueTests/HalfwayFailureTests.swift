import Foundation
import JobContract
import Primitives
import QueueAdmin
import Redis
import Support
import Testing

@testable import JobQueue

@Suite("Calls that fail halfway at a key of a wrong type", .timeLimit(.minutes(1)))
struct HalfwayFailureTests {
    private func spoil(_ key: String, _ world: QueueWorld) async throws {
        _ = try await world.client.send(RedisCommand("SET", .string(world.keys.prefix + key), "x"))
    }

    private func repair(_ key: String, _ world: QueueWorld) async throws {
        _ = try await world.client.send(RedisCommand("DEL", .string(world.keys.prefix + key)))
    }

    @Test(
        "an intake loses no message",
        arguments: ["owners", "lanes", "ready:start:default", "deadlines", "lane:busy"]
    )
    func intake(key: String) async throws {
        try await QueueWorld.with { world in
            let worker = world.worker("w1")
            try await worker.announce([])
            let game: GameID = key == "lane:busy" ? "busy" : "g1"
            if game == "busy" {
                try await world.push(QueueWorld.message(.start, "s0", game: game))
                try await world.intake(worker)
            }
            try await spoil(key, world)
            let deadline = #","deadline":"2999-01-01T00:00:00Z""#
            try await world.push(QueueWorld.message(.start, "s1", game: game, more: deadline))
            for _ in 1...2 { _ = try? await world.intake(worker) }
            try await repair(key, world)
            for _ in 1...2 { try await world.intake(worker) }
            if game == "busy" {
                let first = try #require(try await world.claim(worker).first)
                try await world.finish(worker, first)
            }
            #expect(try await world.claim(worker).map(\.id) == ["s1"])
            #expect(try await world.hash(world.keys.meta)["duplicates"] == nil)
        }
    }

    @Test("an end loses no job behind it", arguments: [("deadlines", false), ("ready:start:default:n1", true)])
    func jobBehind(key: String, fails: Bool) async throws {
        try await QueueWorld.with { world in
            let worker = world.worker("w1")
            try await worker.announce([])
            let deadline = #","deadline":"2999-01-01T00:00:00Z""#
            for id in ["s1", "s2"] as [JobID] {
                try await world.push(QueueWorld.message(.start, id, more: id == "s2" ? deadline : ""))
            }
            try await world.intake(worker)
            let first = try #require(try await world.claim(worker).first)
            try await spoil(key, world)
            let answer = try? await world.finish(worker, first)
            #expect(answer == (fails ? nil : .ok))
            try await repair(key, world)
            if fails { #expect(try await world.finish(worker, first) == .ok) }
            let second = try #require(try await world.claim(worker).first)
            #expect(second.id == "s2")
            #expect(try await world.liveCount() == 1)
            try await world.finish(worker, second)
            #expect(try await world.results().map(\.jobID) == ["s1", "s2"])
            #expect(try await world.liveCount() == 0)
        }
    }

    @Test("an end has one result, and the lane goes on", arguments: ["owners", "lane:g1", "reservations:n1"])
    func finish(key: String) async throws {
        try await QueueWorld.with { world in
            let worker = world.worker("w1")
            try await worker.announce([])
            try await world.push(QueueWorld.message(.start, "s1"))
            try await world.intake(worker)
            let job = try #require(try await world.claim(worker).first)
            try await spoil(key, world)
            let ending = JobEnding.failed(.internal, "x")
            for _ in 1...3 {
                _ = try? await world.finish(worker, job, ending, owner: .clear, freesReservation: true)
            }
            try await repair(key, world)
            _ = try await world.finish(worker, job, ending, owner: .clear, freesReservation: true)
            #expect(try await world.results().map(\.jobID) == ["s1"])
            #expect(try await worker.deadLetters(limit: 10).count == 1)
            try await world.push(QueueWorld.message(.start, "s2"))
            try await world.intake(worker)
            #expect(try await world.claim(worker).map(\.id) == ["s2"])
        }
    }
}

@Suite("Jobs of silent nodes", .timeLimit(.minutes(1)))
struct SilentNodeTests {
    /// A node with a running game that has not reported for a long time. The data is older than any outage.
    private func silence(_ node: NodeID, _ world: QueueWorld) async throws {
        _ = try await world.client.send(
            RedisCommand("ZADD", .string(world.keys.prefix + "nodes"), 1, .string(node.text))
        )
        try await world.set("resumed_at", "1")
        // As if workers renewed the key: there is no outage, however slow the machine is.
        _ = try await world.client.send(RedisCommand("SET", .string(world.keys.liveness), "renewed"))
    }

    private func options(_ most: Int) -> JobQueueOptions { JobQueueOptions(mostLive: most, keptForStops: most / 10) }

    @Test("are outside the window, which never goes below zero")
    func outside() async throws {
        try await QueueWorld.with(options: options(10)) { world in
            let (gone, here) = (world.worker("gone", node: "n2"), world.worker("w1"))
            try await gone.announce([OwnedGame(gameID: "g1", isRunning: true)])
            try await here.announce([])
            try await world.push(QueueWorld.message(.start, "s0"))
            try await world.intake(here)
            #expect(try await world.liveCount() == 1)
            try await silence("n2", world)
            for number in 1...50 { try await world.push(QueueWorld.message(.start, "s\(number)")) }
            try await world.intake(here)
            #expect(try await world.liveCount() == 0)
            try await world.push(QueueWorld.message(.start, "other", game: "g2"))
            try await world.intake(here)
            #expect(try await world.claim(here).map(\.id) == ["other"])
            #expect(try await world.liveCount() == 1)
        }
    }

    /// A usual run takes a few thousand jobs; `RTM_TEST_MEASURE=1` takes 100,000, and prints the memory of one.
    @Test("keep no other job out, however many they are")
    func many() async throws {
        let games = ProcessInfo.processInfo.environment["RTM_TEST_MEASURE"] == "1" ? 10_000 : 500
        try await QueueWorld.with(options: options(100)) { world in
            let (gone, here) = (world.worker("gone", node: "n2"), world.worker("w1"))
            let owned = (1...games).map { OwnedGame(gameID: GameID("g\($0)"), isRunning: true) }
            try await gone.announce(owned)
            try await here.announce([])
            try await silence("n2", world)
            let before = try await usedMemory(world)
            for game in owned.map(\.gameID) {
                for number in 1...10 {
                    try await world.push(QueueWorld.message(.stop, "\(game)-\(number)", game: game))
                }
                try await world.intake(here)
            }
            let bytes = (try await usedMemory(world) - before) / (10 * games)
            print("\(10 * games) jobs outside the window: \(bytes) bytes of Redis each")
            #expect(bytes < 2_000)
            #expect(try await world.liveCount() == 0)
            try await world.push(QueueWorld.message(.start, "other", game: "other"))
            try await world.intake(here)
            #expect(try await world.claim(here).map(\.id) == ["other"])
        }
    }

    private func usedMemory(_ world: QueueWorld) async throws -> Int {
        let text = try await world.client.send(RedisCommand("INFO", "memory")).string ?? ""
        let line = try #require(text.split(separator: "\r\n").first { $0.hasPrefix("used_memory:") })
        return try #require(Int(line.dropFirst("used_memory:".count)))
    }

    @Test("end when their deadline passes, all of a lane within a few sweeps")
    func deadlines() async throws {
        try await QueueWorld.with { world in
            let (gone, here) = (world.worker("gone", node: "n2"), world.worker("w1"))
            try await gone.announce([OwnedGame(gameID: "g1", isRunning: true)])
            try await here.announce([])
            let late = #","deadline":"2020-01-01T00:00:00Z""#
            for number in 1...5 { try await world.push(QueueWorld.message(.stop, "t\(number)", more: late)) }
            try await world.intake(here)
            #expect(try await world.claim(here).isEmpty)
            for _ in 1...5 {
                // There is more: the next sweep is due at once.
                #expect(try await here.sweep().nextDue == .zero)
            }
            #expect(try await world.results().map(\.outcome) == Array(repeating: .expired, count: 5))
            #expect(try await here.sweep().nextDue != .zero)
        }
    }
}

@Suite("Who is woken for the next job of a lane", .timeLimit(.minutes(1)))
struct NextJobTests {
    private func bell(_ worker: String, _ world: QueueWorld) async throws -> [String] {
        let answer = try await world.client.send(RedisCommand("LRANGE", .string(world.keys.doorbell(worker)), 0, -1))
        return (answer.array ?? []).compactMap(\.string)
    }

    @Test("an idle worker, if the worker that sweeps has no permit")
    func sweepOfBusyWorker() async throws {
        try await QueueWorld.with { world in
            let (busy, idle) = (world.worker("busy"), world.worker("idle"))
            for worker in [busy, idle] { try await worker.announce([]) }
            try await world.push(QueueWorld.message(.start, "s1"))
            try await world.intake(busy)
            let job = try #require(try await world.claim(busy, starts: 1, stops: 0).first)
            let failure = FailedAttempt(pause: .zero, code: .timeout, error: "late")
            #expect(try await busy.retry(job.held, after: failure))
            #expect(try await world.claim(busy, starts: 0, stops: 0).isEmpty)
            #expect(try await world.claim(idle).isEmpty)
            #expect(try await busy.sweep().retriesDue == 1)
            #expect(try await bell("idle", world) == ["ready"])
        }
    }

    @Test("a worker that serves the queue, if the worker that ended the job does not or claims no more")
    func servesQueue() async throws {
        try await QueueWorld.with { world in
            let low = world.worker("low", options: JobQueueOptions(queues: ["low"]))
            let high = world.worker("high", options: JobQueueOptions(queues: ["high"]))
            for worker in [low, high] { try await worker.announce([]) }
            for claimsNext in [true, false] {
                try await world.push(QueueWorld.message(.start, "a\(claimsNext)"), queue: "high")
                try await world.push(QueueWorld.message(.start, "b\(claimsNext)"), queue: claimsNext ? "low" : "high")
                try await world.intake(high, from: "high")
                let job = try #require(try await world.claim(high).first)
                if claimsNext { try await world.intake(low, from: "low") }
                let other = claimsNext ? low : high
                #expect(try await world.claim(other).isEmpty)
                for worker in ["low", "high"] {
                    _ = try await world.client.send(RedisCommand("DEL", .string(world.keys.doorbell(worker))))
                }
                let outcome = try await high.finish(
                    [QueueWorld.finished(job)],
                    next: claimsNext ? .byCaller : .byOthers
                )
                #expect(!outcome.hasMadeReady)
                #expect(try await bell(claimsNext ? "low" : "high", world) == ["ready"])
                let next = try #require(try await world.claim(other).first)
                try await world.finish(other, next)
            }
        }
    }
}

@Suite("Batches of arguments")
struct ArgumentBatchTests {
    @Test("keep the order, have a bounded size, and hold a large row alone")
    func bounded() {
        let sizes = [10, 200_000, 100, 250_000, 600_000, 1, 1]
        let rows = sizes.map { JSONValue.string(String(repeating: "x", count: $0)) }
        let batches = Array(ArgumentBatches(rows))
        #expect(batches.flatMap { $0 } == rows)
        #expect(batches.map(\.count) == [3, 1, 1, 2])
        #expect(Array(ArgumentBatches([])).isEmpty)
    }
}
