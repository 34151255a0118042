import JobContract
import JobQueue
import Testing

@Suite("Messages of many sizes, on a real Redis", .timeLimit(.minutes(2)))
struct SizeTests {
    /// Bytes of each message: many small ones, then ones as large as are taken, some that are not taken, and again.
    private static let sizes =
        Array(repeating: 0, count: 90) + Array(repeating: 65_536, count: 40) + Array(repeating: 70_000, count: 3) + [
            0, 65_536, 0,
        ]
        + Array(repeating: 0, count: 30) + [3_000_000, 0]

    private func message(_ number: Int, _ size: Int) -> String {
        let text = QueueWorld.message(.start, "s\(number)", game: "g\(number)")
        return text + String(repeating: " ", count: max(0, size - text.utf8.count))
    }

    @Test("are admitted in order, whatever the batch size", arguments: [1, 7, 64])
    func order(most: Int) async throws {
        try await QueueWorld.with { world in
            let worker = world.worker("w1")
            try await worker.announce([])
            for (number, size) in Self.sizes.enumerated() { try await world.push(message(number, size)) }
            var order: [JobID] = []
            var isEmptied = false
            while !isEmptied {
                let taken = try await worker.take(
                    queue: "default",
                    most: most,
                    claiming: Capacity(starts: 200, stops: 1),
                    decode: { JobDecoder().decode($0) }
                )
                let outcome = try taken.intake.get()
                order += (taken.claimed?.jobs ?? []).map(\.id)
                isEmptied = outcome.isEmptied
            }
            let expected = Self.sizes.enumerated().filter { $0.element <= 65_536 }.map { "s\($0.offset)" as JobID }
            #expect(order == expected)
            let rejected = try await world.results().filter { $0.outcome == .rejected }
            #expect(rejected.count == Self.sizes.count { $0 > 65_536 })
        }
    }
}
