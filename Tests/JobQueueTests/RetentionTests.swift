import Foundation
import JobContract
import JobQueue
import Primitives
import QueueAdmin
import Redis
import Support
import Testing

/// What stays in Redis, and for how long. The model of the scripts has no time, so these tests look at the keys.
@Suite("What Redis keeps, on a real Redis", .timeLimit(.minutes(2)))
struct RetentionTests {
    private var options: JobQueueOptions { JobQueueOptions(retention: .seconds(3_600)) }

    /// The keys of the namespace without their prefix, each with its time to live in ms; -1: for good.
    private func keys(_ world: QueueWorld) async throws -> [String: Int64] {
        let names = (try await world.client.send(RedisCommand("KEYS", "*")).array ?? []).compactMap(\.string)
        var keys: [String: Int64] = [:]
        for name in names {
            let left = try await world.client.send(RedisCommand("PTTL", .string(name))).integer
            keys[String(name.dropFirst(world.keys.prefix.count))] = left ?? -2
        }
        return keys
    }

    private func update(_ expected: String, _ new: String, _ kind: LifecycleKind) -> LifecycleUpdate {
        let event = LifecycleEvent(
            kind: kind,
            action: nil,
            containerID: "c1",
            containerName: "n",
            gameID: "g1",
            jobID: "s1",
            image: "e",
            startedAt: nil,
            occurredAt: Timestamp(seconds: 1),
            labels: [:]
        )
        return LifecycleUpdate(
            containerID: "c1",
            gameID: "g1",
            expectedCheckpoint: expected,
            newCheckpoint: new,
            entries: [event]
        )
    }

    /// Runs a game's whole life: start, a start that a stop supersedes, stop, remove, with all events of its container.
    private func runGame(_ worker: JobQueue, _ world: QueueWorld, epoch: Int64) async throws {
        try await world.push(QueueWorld.message(.start, "s1"))
        try await world.intake(worker)
        let start = try #require(try await world.claim(worker).first)
        let started = StartedContainer(containerID: "c1", checkpoint: "s0", demand: QueueWorld.usual)
        let finished = QueueWorld.finished(start, startMessage: "the request", started: started)
        _ = try await worker.finish([finished])
        #expect(try await worker.startedContainers() == ["c1": "s0"])
        _ = try await worker.publish([update("", "s1", .started)], epoch: epoch, cursor: nil)
        #expect(try await worker.startedContainers().isEmpty)

        try await world.push(QueueWorld.message(.restart, "r1"))
        try await world.intake(worker)
        let restart = try #require(try await world.claim(worker).first)
        try await worker.show(JobProgress(.stopping), of: restart.held)
        try await world.push(QueueWorld.message(.start, "s2"), QueueWorld.message(.stop, "t1"))
        try await world.intake(worker)
        try await world.finish(worker, restart, JobEnding(.superseded, error: "x"))
        let stop = try #require(try await world.claim(worker).first { $0.id == "t1" })
        _ = try await worker.record(.asked(jobID: "t1", intent: "i"), of: "c1")
        try await worker.record(.forced(false), of: "c1")
        try await worker.record(.exit("x"), of: "c1")
        try await world.finish(worker, stop, JobEnding(.succeeded, effect: .stopped), freesReservation: true)
        _ = try await worker.publish([update("s1", "e1", .exited)], epoch: epoch, cursor: "cursor")

        try await world.push(QueueWorld.message(.remove, "x1"))
        try await world.intake(worker)
        let remove = try #require(try await world.claim(worker).first)
        try await world.finish(
            worker,
            remove,
            JobEnding(.succeeded, effect: .removed),
            owner: .clear,
            freesReservation: true
        )
        _ = try await worker.publish([update("e1", "", .removed)], epoch: epoch, cursor: "cursor")
    }

    @Test("after all jobs of a game and its worker: records with a time to live, bounded streams, and no trace else")
    func everything() async throws {
        try await QueueWorld.with(options: options) { world in
            let worker = world.worker("w1")
            try await worker.register()
            try await worker.announce([])
            guard case .granted(let epoch, _) = try await worker.lead(ttl: .seconds(60)) else {
                Issue.record("the worker does not lead")
                return
            }
            try await runGame(worker, world, epoch: epoch)
            let outcomes = try await world.results().map { "\($0.jobID.text) \($0.outcome?.rawValue ?? "")" }
            #expect(
                Set(outcomes) == ["s1 succeeded", "r1 superseded", "s2 superseded", "t1 succeeded", "x1 succeeded"]
            )
            try await worker.resign(epoch: epoch)
            try await worker.deregister()

            let found = try await keys(world)
            let records: Set = ["job:s1", "job:r1", "job:s2", "job:t1", "job:x1", "spec:g1"]
            let forGood: Set = [
                "meta", "results", "events", "queues", "nodes", "node:n1", "leader:n1", "ended:n1",
            ]
            // The sign of life of all workers lasts as long as a short silence.
            #expect(Set(found.keys).subtracting(["liveness"]) == records.union(forGood))
            for (name, left) in found where !forGood.contains(name) { #expect(left > 0, "\(name) has no time to live") }
            for name in records { #expect((3_500_000...3_600_000).contains(found[name] ?? 0), "\(name)") }
            #expect(try await world.lanes().isEmpty)
            #expect(try await world.owners().isEmpty)
            #expect(try await world.liveCount() == 0)
        }
    }

    @Test("settings of the workers, each in its place")
    func settings() async throws {
        let options = JobQueueOptions(
            lease: .seconds(4),
            retention: .seconds(1),
            retentionEntries: 2,
            deadBytes: 5,
            nodeGrace: .seconds(3),
            mostAge: .seconds(6),
            defaultDemand: Demand(cpu: 7, memory: 8),
            placement: .pack
        )
        try await QueueWorld.with(options: options) { world in
            try await world.worker("w1").announce([])
            let text = try await world.hash(world.keys.meta)["settings"] ?? ""
            let expected = [
                "retention_ms": 1_000, "retention_entries": 2, "grace_ms": 3_000, "lease_ms": 4_000,
                "most_dead_bytes": 5, "signed_ms": 6_000, "packs": 1, "cpu": 7, "memory": 8,
            ]
            #expect(try JSONDecoder().decode([String: Int].self, from: Data(text.utf8)) == expected)
        }
    }

    @Test("of ended lifecycles the latest 10,000")
    func endedLifecycles() async throws {
        try await QueueWorld.with { world in
            let worker = world.worker("w1")
            guard case .granted(let epoch, _) = try await worker.lead(ttl: .seconds(60)) else { return }
            let fill = "for i = 1, 10020 do redis.call('ZADD', '{rtm}:ended:n1', i, 'old' .. i) end"
            _ = try await world.client.send(RedisCommand("EVAL", .string(fill), 0))
            _ = try await worker.publish([update("", "", .removed)], epoch: epoch, cursor: nil)
            let ended = RedisArgument.string("{rtm}:ended:n1")
            #expect(try await world.client.send(RedisCommand("ZCARD", ended)).integer == 10_000)
            #expect(try await world.client.send(RedisCommand("ZSCORE", ended, "c1")).string != nil)
            #expect(try await world.client.send(RedisCommand("ZSCORE", ended, "old21")).string == nil)
            #expect(try await world.client.send(RedisCommand("ZSCORE", ended, "old22")).string != nil)
        }
    }

    @Test("of events about as many as the setting says")
    func eventCount() async throws {
        try await QueueWorld.with(options: JobQueueOptions(retentionEntries: 200)) { world in
            let worker = world.worker("w1")
            try await worker.announce([])
            guard case .granted(let epoch, _) = try await worker.lead(ttl: .seconds(60)) else { return }
            var many = update("", "s1", .started)
            many.entries = Array(repeating: many.entries[0], count: 1_000)
            _ = try await worker.publish([many], epoch: epoch, cursor: nil)
            let count = try await world.client.send(RedisCommand("XLEN", .string(world.keys.events))).integer ?? 0
            // Redis trims whole nodes of a stream, of 100 entries each.
            #expect((200...300).contains(count))
        }
    }

    @Test("of old events and dead letters none, after a sweep")
    func age() async throws {
        try await QueueWorld.with(options: JobQueueOptions(retention: .milliseconds(300))) { world in
            let worker = world.worker("w1")
            try await worker.announce([])
            let fill = "for i = 1, 500 do redis.call('XADD', '{rtm}:events', i .. '-1', 'a', '1') end"
            _ = try await world.client.send(RedisCommand("EVAL", .string(fill), 0))
            try await world.push("no job")
            try await world.intake(worker)
            #expect(try await worker.deadLetterTotals().count == 1)
            try await eventually("the end of the letter") {
                _ = try await worker.sweep()
                return try await worker.deadLetterTotals() == DeadLetterTotals()
            }
            let count = try await world.client.send(RedisCommand("XLEN", .string(world.keys.events))).integer ?? 0
            #expect(count < 100)
        }
    }

    @Test("of workers that were killed ten minutes ago nothing, after a sweep")
    func deadWorkers() async throws {
        try await QueueWorld.with { world in
            let worker = world.worker("w1")
            try await worker.announce([])
            let dead = world.worker("dead")
            try await dead.announce([])
            // The dead worker was idle.
            #expect(try await world.claim(dead).isEmpty)
            let now = try await worker.redisTime()
            let score = RedisArgument.integer(now - 600_001)
            _ = try await world.client.send(RedisCommand("ZADD", "{rtm}:workers", score, "dead"))
            try await world.set("swept_at", "0")
            _ = try await worker.sweep()
            for key in ["idle:stop:default", "idle:start:default", "idle:full:default", "workers:n1"] {
                let members = try await world.client.send(RedisCommand("SMEMBERS", .string(world.keys.prefix + key)))
                #expect(members.array?.contains { $0.string == "dead" } == false, "\(key)")
            }
            #expect(try await world.hash("{rtm}:worker_nodes") == ["w1": "n1"])
            let workers = try await world.client.send(RedisCommand("ZRANGE", "{rtm}:workers", 0, -1)).array
            #expect(workers?.compactMap(\.string) == ["w1"])
        }
    }
}
