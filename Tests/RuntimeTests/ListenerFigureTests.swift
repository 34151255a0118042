import DockerPort
import Foundation
import JobContract
import Primitives
import Redis
import Runtime
import Models
import Support
import Testing

@Suite("Measurements of the listener", .tags(.timing), .timeLimit(.minutes(5)))
struct ListenerFigureTests {
    /// As fast as a Docker Engine in memory reports events: three events for each container, all of them live.
    @Test("the number of events a second without a gap")
    func rate() async throws {
        let isMeasuring = ProcessInfo.processInfo.environment["RTM_TEST_MEASURE"] == "1"
        let count = isMeasuring ? 10_000 : 300
        try await WorkerWorld.with { world in
            try await world.withWorker { worker in
                let first = await world.docker.addForeignContainer(WorkerWorld.spec(game: "g\(count)"))
                try await eventually("the listener to listen", until: { $0 == 1 }) { try await world.eventCount() }
                let begin = ContinuousClock.now
                for number in 0..<count {
                    // Most are gone before anyone has looked: what their events say is believed for their jobs' sake.
                    let job = RedisArgument.string(world.keys.job("j-g\(number)"))
                    _ = try await world.client.send(
                        RedisCommand("HSET", job, "state", "done", "kind", "start", "game_id", "g\(number)")
                    )
                    let id = await world.docker.addForeignContainer(WorkerWorld.spec(game: "g\(number)"))
                    await world.docker.exit(container: id.text, code: 3)
                    try await world.docker.remove(id.text)
                }
                let made = begin.duration(to: .now)
                try await eventually("all events", within: .seconds(240), until: { $0 >= 3 * count + 1 }) {
                    try await world.eventCount()
                }
                let published = begin.duration(to: .now)
                #expect(worker.health.engineAnswers)
                let events = try await world.events()
                let ids = Set(events.compactMap { $0["container_id"].map { ContainerID($0) } }).subtracting([first])
                #expect(ids.count == count && Checker.problems(events, complete: ids) == [])
                let rates = [made, published].map { String(format: "%.0f", Double(3 * count) / ($0 / .seconds(1))) }
                print(
                    "events made: \(rates[0]) a second; published, without a gap: \(rates[1]) a second, of \(3 * count)"
                )
            }
        }
    }
}

extension WorkerWorld {
    fileprivate func eventCount() async throws -> Int64 {
        try await client.send(RedisCommand("XLEN", .string(keys.events))).integer ?? 0
    }
}
