import NIOCore
import Support
import Testing

@testable import Redis

@Suite("Benchmarks of the RESP codec", .tags(.timing), .serialized, .timeLimit(.minutes(5)))
struct CodecBenchmarks {
    private static let message = #"{"v":1,"id":"job-1","kind":"stop","game_id":"game-1"}"#

    @Test("formatting a command, compared with a copy of its words")
    func format() throws {
        let words = ["finish", "{rtm}:meta", Self.message, "job-1", "w1", "1764000000000000", "succeeded", "started"]
        let command = RedisCommand("EVALSHA", arguments: words.map { .string($0) })
        let bytes = words.map { Array($0.utf8) }
        var formatter = CommandFormatter()
        var (buffer, baseline) = (ByteBuffer(), ByteBuffer())
        let times = try Stopwatch.compare("format a command of \(words.count + 1) words", beside: "copy of the words") {
            buffer.clear()
            try formatter.append(command, to: &buffer)
        } baseline: {
            baseline.clear()
            for word in bytes { _ = word.withUnsafeBytes { baseline.writeBytes($0) } }
        }
        #expect(buffer.readableBytes > baseline.readableBytes && times.baseline > 0)
    }

    @Test("reading a reply, compared with a copy of its texts")
    func parse() throws {
        let texts = Array(repeating: Self.message, count: 16)
        let wire = Array("*16\r\n".utf8) + texts.flatMap { Array("$\($0.utf8.count)\r\n\($0)\r\n".utf8) }
        let reader = try ReplyReader(maximumReplyBytes: 1 << 20)
        var last: RedisValue?
        let bytes = texts.map { Array($0.utf8) }
        let times = try Stopwatch.compare("read a reply of 16 messages", beside: "copy of the messages") {
            try wire.withUnsafeBytes { try reader.feed($0) }
            last = try reader.next()
        } baseline: {
            Stopwatch.keep(bytes.map { $0.withUnsafeBytes { Array($0) } })
        }
        #expect(last?.array?.count == 16 && times.baseline > 0)
    }
}
