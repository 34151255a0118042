import DockerPort
import JobContract
import JobQueue
import Primitives
import Redis
import RuntimeCore
import Support
import Testing

@testable import Runtime

/// What one part of the worker knows and another part needs.
@Suite("Knowledge that is handed on", .timeLimit(.minutes(2)))
struct HandedOnTests {
    @Test("everything that jobs noted of a container reaches the leader")
    func notes() {
        let intent = StopIntent(
            jobID: "t1",
            askedAt: Timestamp(seconds: 1_777_777_777, nanoseconds: 5_000_000),
            timeout: .seconds(7)
        )
        let exit = ExitFacts(
            startedAt: Timestamp(seconds: 1_777_777_000, nanoseconds: 1),
            finishedAt: Timestamp(seconds: 1_777_777_778, nanoseconds: 2),
            exitCode: 137,
            oomKilled: false
        )
        let record = ContainerRecord(ContainerNotes(asked: intent.encoded, isForced: false, exit: exit.encoded))
        let expected = ContainerRecord(isEndAsked: true, stopIntent: intent, isForced: false, lastExit: exit)
        #expect(record == expected)
        #expect(ContainerRecord(ContainerNotes()) == ContainerRecord())
    }

    @Test("a start tells the leader which container it has begun, whoever leads")
    func begun() async throws {
        try await WorkerWorld.with { world in
            // Another worker leads, and tells nothing: so the note stays.
            let epoch = "\(MonotonicClock.wallNow.nanosecondsSinceEpoch / 1_000_000)"
            let prefix = world.keys.prefix
            for command in [
                RedisCommand("HSET", .string(world.keys.leader("n1")), "holder", "w9", "epoch", .string(epoch)),
                RedisCommand("SET", .string(prefix + "term:n1:" + epoch), "w9", "PX", 600_000),
            ] { _ = try await world.client.send(command) }
            try await world.withWorker { _ in
                try await world.push(.start, "s1")
                let id = try #require(try await world.result("s1").containerID)
                let note = RedisCommand("HGET", .string(prefix + "started:n1"), .string(id.text))
                let text = try #require(try await world.client.send(note).string)
                let mark = try #require(Checkpoint(encoded: text))
                let startedAt = try await world.docker.inspectContainer(id.text).startedAt
                #expect(mark.startedAt == startedAt)
            }
        }
    }

    @Test("a start whose process ended at once names its container")
    func endedAtOnce() async throws {
        try await WorkerWorld.with { world in
            let error = DockerError(.startFailed, operation: "run", message: "ended at once", containerID: "c1")
            await world.docker.fail(.run, with: error)
            try await world.withWorker { _ in
                try await world.push(.start, "s1")
                let result = try await world.result("s1")
                #expect(result.errorCode == ErrorCode.startFailed.rawValue)
                #expect(result.containerID == "c1")
                #expect(result.fields["container_name"] == "galaxy-game-g1")
            }
        }
    }

    @Test("an end of which an Engine told that shut down is the Engine's")
    func shutdown() async throws {
        try await WorkerWorld.with { world in
            try await world.withWorker { _ in
                let id = await world.docker.addForeignContainer(WorkerWorld.spec(game: "g1"))
                try await eventually("the start") { try await world.events().count == 1 }
                let refusal = DockerError(.unavailable, operation: "ping", message: "shuts down", retryable: true)
                await world.docker.fail(.ping, with: refusal, times: 1_000)
                await world.docker.exit(container: id.text, code: 0)
                try await eventually("the end") { try await world.events().count == 2 }
                let reason = try await world.events().last?["reason"]
                #expect(reason == ExitReason.daemonShutdown.rawValue)
            }
        }
    }
}
