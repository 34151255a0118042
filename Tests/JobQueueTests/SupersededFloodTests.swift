import JobContract
import JobQueue
import Support
import Testing

@Suite("One stop that supersedes a flood, on a real Redis", .timeLimit(.minutes(1)))
struct SupersededFloodTests {
    @Test("does not delay starts and stops of other games while the superseded starts end")
    func others() async throws {
        try await QueueWorld.with { world in
            let worker = world.worker("w1")
            try await worker.announce([])
            try await world.push(QueueWorld.message(.start, "first", game: "flood"))
            try await world.intake(worker)
            let first = try await world.claim(worker)
            for number in 0..<500 { try await world.push(QueueWorld.message(.start, "s\(number)", game: "flood")) }
            try await world.push(QueueWorld.message(.stop, "stop", game: "flood"))
            try await world.push(QueueWorld.message(.start, "start", game: "other"))
            try await world.push(QueueWorld.message(.stop, "halt", game: "third"))
            while try await world.intake(worker).taken > 0 {}
            for job in first { try await world.finish(worker, job, .failed(.internal, "cancelled")) }
            #expect(try await world.claim(worker).map(\.id).sorted() == ["halt", "start"])
            #expect(try await world.results().count < 200)
            var rest: [JobID] = []
            while rest.isEmpty { rest += try await world.claim(worker).map(\.id) }
            #expect(rest == ["stop"])
            #expect(try await world.results().count == 501)
        }
    }
}
