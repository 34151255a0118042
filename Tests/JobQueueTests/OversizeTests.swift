import QueueAdmin
import Foundation
import JobContract
import JobQueue
import Redis
import Support
import Testing

@Suite("Oversized messages, on a real Redis", .tags(.timing), .serialized, .timeLimit(.minutes(5)))
struct OversizeTests {
    /// A usual run takes a few messages; `RTM_TEST_MEASURE=1` takes as many as a figure needs.
    private static let count = ProcessInfo.processInfo.environment["RTM_TEST_MEASURE"] == "1" ? 64 : 8
    private static let size = 16 << 20

    @Test("Lua and Swift compute the same id and SHA-1 of a message of each size")
    func names() async throws {
        try await QueueWorld.with { world in
            let worker = world.worker("w1")
            let messages = [1_000, 65_537, 1 << 20, 1 << 20 + 1, 3_000_000].map { size in
                [UInt8](repeating: UInt8(ascii: "x"), count: size)
            }
            for message in messages {
                _ = try await world.client.send(
                    RedisCommand("LPUSH", .string(world.keys.queue("default")), .bytes(message))
                )
            }
            for _ in messages { try await world.intake(worker) }
            #expect(try await world.results().map(\.jobID) == messages.map(JobDecoder.invalidID))
            let entries = try await world.client.send(RedisCommand("XRANGE", .string(world.keys.dead), "-", "+"))
            let letters = (entries.array ?? []).compactMap { $0.array?.last?.array }
                .map { JobResult(pairs: $0.map { $0.string ?? "" }).fields }
            #expect(letters.map { $0["sha1"] } == messages.map(JobDecoder.sha1))
            #expect(letters.map { $0["size"] } == messages.map { "\($0.count)" })
        }
    }

    @Test("many of them are drained, and no script call takes longer than a few reads of one")
    func drains() async throws {
        // The slow log keeps each call; its own entries are small, since arguments are cut there.
        let settings = ["--slowlog-log-slower-than", "0", "--slowlog-max-len", "10000"]
        try await QueueWorld.with(redisArguments: settings) { world in
            let worker = world.worker("w1")
            let queue = RedisArgument.string(world.keys.queue("default"))
            var message = [UInt8](repeating: UInt8(ascii: "x"), count: Self.size)
            try await world.push(QueueWorld.message(.start, "first", game: "g1"))
            for number in 0..<Self.count {
                message[0] = UInt8(number)
                _ = try await world.client.send(RedisCommand("LPUSH", queue, .bytes(message)))
            }
            try await world.push(QueueWorld.message(.start, "last", game: "g2"))
            var floors: [Int64] = []
            for _ in 0..<5 {
                let read = RedisCommand("EVAL", "return #redis.call('LINDEX', KEYS[1], -2)", 1, queue)
                floors.append(try await longest("EVAL", world) { _ = try await world.client.send(read) })
            }
            let floor = floors.sorted()[2]
            let longest = try await longest("FCALL", world) { try await drain(worker) }
            print("\(Self.count) messages of 16 MiB: longest call \(longest) µs; one read of one takes \(floor) µs")
            #expect(longest < 10 * floor, "one read of one message takes \(floor) µs")
            let results = try await world.results()
            #expect(results.count { $0.errorCode == "message_too_large" } == Self.count)
            #expect(try await world.claim(worker).map(\.id) == ["first", "last"])
        }
    }

    /// Takes all in as a worker does: batch after batch.
    private func drain(_ worker: JobQueue) async throws {
        var isEmptied = false
        while !isEmptied {
            let taken = try await worker.take(
                queue: "default",
                decode: { JobDecoder().decode($0) }
            )
            isEmptied = try taken.intake.get().isEmptied
        }
    }

    /// Returns the longest time in µs that Redis spent on one command of that name during `body`.
    private func longest(_ name: String, _ world: QueueWorld, _ body: () async throws -> Void) async throws -> Int64 {
        _ = try await world.client.send(RedisCommand("SLOWLOG", "RESET"))
        try await body()
        let entries = try await world.client.send(RedisCommand("SLOWLOG", "GET", -1)).array ?? []
        let times = entries.compactMap(\.array).filter { $0[3].array?.first?.string == name }
        return times.compactMap { $0[2].integer }.max() ?? 0
    }

    @Test("a listing of the queue shows the size, and the messages behind")
    func pages() async throws {
        try await QueueWorld.with { world in
            let worker = world.worker("w1")
            let large = [UInt8](repeating: UInt8(ascii: "x"), count: 2_000_000)
            try await world.push("a")
            _ = try await world.client.send(RedisCommand("LPUSH", .string(world.keys.queue("default")), .bytes(large)))
            try await world.push("b")
            let messages = try await worker.peek(queue: "default", limit: 10)
            #expect(
                messages == [
                    .bytes(Array("a".utf8)), .tooLarge(size: large.count, sha1: JobDecoder.sha1(of: large)),
                    .bytes(Array("b".utf8)),
                ]
            )
            #expect(try await worker.peek(queue: "default", limit: 2).count == 2)
            let found = try await worker.find(inQueues: ["default"], most: 100) { $0 == Array("b".utf8) }
            #expect(found?.before == 2)
        }
    }
}
