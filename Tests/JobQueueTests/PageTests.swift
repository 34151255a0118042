import JobContract
import JobQueue
import Primitives
import Redis
import Testing

@Suite("Paged reading, on a real Redis", .timeLimit(.minutes(1)))
struct PageTests {
    @Test("returns every element", arguments: [0, 1, 3, 2_000])
    func whole(_ count: Int) async throws {
        try await QueueWorld.with { world in
            let worker = world.worker("w1")
            let names = (0..<count).map { "container\($0)" }
            for name in names {
                let mark = String(repeating: name, count: 10)
                _ = try await world.client.pipeline([
                    RedisCommand("HSET", .string(world.keys.checkpoints("n1")), .string(name), .string(mark)),
                    RedisCommand("HSET", .string(world.keys.reservations("n1")), .string(name), "1000 2000 -"),
                ])
            }
            let checkpoints = try await worker.checkpoints()
            #expect(Set(checkpoints.keys.map(\.text)) == Set(names))
            #expect(checkpoints.allSatisfy { $1 == String(repeating: $0.text, count: 10) })
            let reservations = try await worker.reservations()
            #expect(Set(reservations.keys.map(\.text)) == Set(names))
            #expect(reservations.values.allSatisfy { $0 == NodeReservation(demand: Demand(cpu: 1_000, memory: 2_000)) })
        }
    }
}
