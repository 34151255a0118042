import JobContract
import JobQueue
import Primitives
import QueueAdmin
import Support
import Testing

/// The reservation of a start whose attempt has failed, on a real Redis.
@Suite("The reservation of a failed attempt", .timeLimit(.minutes(2)))
struct KeptReservationTests {
    @Test("outlives the older container only if the attempt may have left one", arguments: [true, false])
    func outlives(_ mayHaveLeft: Bool) async throws {
        try await QueueWorld.with { world in
            let worker = world.worker("w1", node: "n1", options: world.options(NodeCapacity(memory: 2 << 30)))
            try await worker.announce([])
            guard case .granted(let epoch, _) = try await worker.lead(ttl: .seconds(5)) else { return }
            try await world.push(QueueWorld.message(.start, "s1", game: "g1"))
            try await world.intake(worker)
            let first = try #require(try await world.claim(worker).first)
            let old = StartedContainer(containerID: "old", checkpoint: "s1", demand: QueueWorld.usual)
            _ = try await worker.finish([QueueWorld.finished(first, started: old)])

            try await world.push(QueueWorld.message(.restart, "r1", game: "g1"))
            try await world.intake(worker)
            let second = try #require(try await world.claim(worker).first)
            let failure = FailedAttempt(
                pause: .seconds(60),
                code: .dockerError,
                error: "no answer",
                reservation: .keep,
                remains: Remains(possible: mayHaveLeft)
            )
            _ = try await worker.retry(second.held, after: failure)
            let removal = LifecycleUpdate(
                containerID: "old",
                gameID: "g1",
                expectedCheckpoint: "",
                newCheckpoint: "",
                entries: []
            )
            #expect(try await worker.publish([removal], epoch: epoch, cursor: nil) == [.published])
            #expect(try await worker.reservations().keys.contains("g1") == mayHaveLeft)
        }
    }
}
