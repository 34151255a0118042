import NIOCore
import Testing

@testable import Redis

@Suite("The RESP2 codec")
struct CodecTests {
    struct Sample: Sendable, CustomTestStringConvertible {
        let wire: String
        let values: [RedisValue]

        var testDescription: String { String(reflecting: wire) }
    }

    static let samples = [
        Sample(wire: "+OK\r\n", values: [.status("OK")]),
        Sample(wire: "+\r\n", values: [.status("")]),
        Sample(wire: ":0\r\n", values: [.integer(0)]),
        Sample(wire: ":9223372036854775807\r\n", values: [.integer(.max)]),
        Sample(wire: ":-9223372036854775808\r\n", values: [.integer(.min)]),
        Sample(wire: "$-1\r\n", values: [.null]),
        Sample(wire: "*-1\r\n", values: [.null]),
        Sample(wire: "$0\r\n\r\n", values: [.bulk([])]),
        Sample(wire: "$5\r\na\r\nb\0\r\n", values: [.bulk(Array("a\r\nb\0".utf8))]),
        Sample(wire: "*0\r\n", values: [.array([])]),
        Sample(
            wire: "-NOSCRIPT No matching script.\r\n",
            values: [.error(RedisServerError(code: "NOSCRIPT", message: "No matching script."))]
        ),
        Sample(wire: "-LONELY\r\n", values: [.error(RedisServerError(code: "LONELY", message: ""))]),
        Sample(wire: "-\r\n", values: [.error(RedisServerError(code: "ERR", message: ""))]),
        Sample(
            wire: "*5\r\n:1\r\n*2\r\n$1\r\nx\r\n*1\r\n$-1\r\n*0\r\n-ERR no\r\n+fine\r\n:7\r\n",
            values: [
                .array([
                    .integer(1), .array([.bulk([0x78]), .array([.null])]), .array([]),
                    .error(RedisServerError(code: "ERR", message: "no")), .status("fine"),
                ]),
                .integer(7),
            ]
        ),
    ]

    static func values(_ pieces: [ArraySlice<UInt8>], maximum: Int = 1 << 20) throws -> [RedisValue] {
        let reader = try ReplyReader(maximumReplyBytes: maximum)
        var values: [RedisValue] = []
        for piece in pieces {
            try piece.withUnsafeBytes { try reader.feed($0) }
            while let value = try reader.next() { values.append(value) }
        }
        return values
    }

    @Test("reads replies cut at every byte", arguments: samples)
    func splits(_ sample: Sample) throws {
        let bytes = Array(sample.wire.utf8)
        for cut in bytes.indices {
            #expect(try Self.values([bytes[..<cut], bytes[cut...]]) == sample.values, "cut at \(cut)")
        }
        #expect(try Self.values(bytes.indices.map { bytes[$0...$0] }) == sample.values, "byte by byte")
    }

    @Test("reads a large binary string in pieces")
    func large() throws {
        let payload = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ ($0 >> 8)) }
        let wire = Array("*2\r\n$\(payload.count)\r\n".utf8) + payload + Array("\r\n:1\r\n+NEXT\r\n".utf8)
        let pieces = stride(from: 0, to: wire.count, by: 65_536).map { wire[$0..<min($0 + 65_536, wire.count)] }
        let values = try Self.values(pieces, maximum: 4_000_000)
        #expect(values == [.array([.bulk(payload), .integer(1)]), .status("NEXT")])
    }

    /// An integer inside so many arrays.
    static func nested(_ levels: Int) -> String { String(repeating: "*1\r\n", count: levels) + ":1\r\n" }

    @Test("reads arrays as deep as the bound")
    func deepest() throws {
        var value = RedisValue.integer(1)
        for _ in 0..<ReplyReader.maximumDepth { value = .array([value]) }
        #expect(try Self.values([Array(Self.nested(ReplyReader.maximumDepth).utf8)[...]]) == [value])
    }

    @Test(
        "refuses invalid RESP2",
        arguments: [
            "hello\r\n", "\r\n", "HTTP/1.1 400 Bad Request\r\n", "%1\r\n+a\r\n+b\r\n", "*1048577\r\n",
            "*2147483647\r\n", Self.nested(8), Self.nested(100_000),
        ]
    )
    func garbage(_ wire: String) throws {
        let bytes = Array(wire.utf8)
        let error = try #require(throws: RedisError.self) { try Self.values([bytes[...]]) }
        guard case .protocolViolation(let text) = error else {
            Issue.record("\(error)")
            return
        }
        #expect(!text.isEmpty)
        #expect(throws: RedisError.self, "byte by byte") { try Self.values(bytes.indices.map { bytes[$0...$0] }) }
    }

    @Test("throws an error, and never crashes, on random bytes")
    func random() throws {
        var generator = SplitMix64(state: 7)
        let alphabet = Array("*$:+-0123456789\r\nabc".utf8)
        for _ in 0..<20_000 {
            let bytes = (0..<Int.random(in: 1...40, using: &generator)).map { _ in
                alphabet[Int.random(in: 0..<alphabet.count, using: &generator)]
            }
            do {
                _ = try Self.values([bytes[...]])
            } catch RedisError.protocolViolation {
                continue
            }
        }
    }

    @Test("bounds a reply that arrives at once, and an endless one")
    func bound() throws {
        let allowed = Array("$90\r\n\(String(repeating: "x", count: 90))\r\n".utf8)
        #expect(try Self.values([allowed[...], allowed[...]], maximum: 100).count == 2)
        #expect(try Self.values([(allowed + allowed)[...]], maximum: 100).count == 2)
        #expect(throws: RedisError.protocolViolation("a reply is larger than 96 bytes")) {
            try Self.values([allowed[...]], maximum: 96)
        }
        let endless = Array("$1000000\r\n".utf8) + Array(repeating: 0x78, count: 100)
        #expect(throws: RedisError.protocolViolation("a reply is larger than 100 bytes")) {
            try Self.values([endless[...]], maximum: 100)
        }
    }

    @Test("writes arguments as length-prefixed bytes")
    func formats() throws {
        var formatter = CommandFormatter()
        var buffer = ByteBuffer()
        try formatter.append(
            RedisCommand("SET", "ключ", .bytes([0, 13, 10, 255]), .string(""), -42),
            to: &buffer
        )
        try formatter.append(RedisCommand("PING"), to: &buffer)
        var expected = Array("*5\r\n$3\r\nSET\r\n$8\r\nключ\r\n$4\r\n".utf8)
        expected += [0, 13, 10, 255] + Array("\r\n$0\r\n\r\n$3\r\n-42\r\n*1\r\n$4\r\nPING\r\n".utf8)
        #expect(Array(buffer.readableBytesView) == expected)
    }

    @Test("writes a command of megabytes, and a small one after it")
    func formatsLarge() throws {
        var formatter = CommandFormatter()
        var buffer = ByteBuffer()
        let payload = [UInt8](repeating: 7, count: 2_000_000)
        try formatter.append(RedisCommand("SET", "k", .bytes(payload)), to: &buffer)
        try formatter.append(RedisCommand("PING"), to: &buffer)
        let head = Array("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$2000000\r\n".utf8)
        #expect(Array(buffer.readableBytesView) == head + payload + Array("\r\n*1\r\n$4\r\nPING\r\n".utf8))
    }

    @Test("has accessors that read each encoding of a text or a number")
    func accessors() {
        #expect(RedisValue.bulk(Array("12".utf8)).integer == 12)
        #expect(RedisValue.bulk(Array("12x".utf8)).integer == nil)
        #expect(RedisValue.integer(-3).integer == -3)
        #expect(RedisValue.status("OK").string == "OK")
        #expect(RedisValue.bulk([0xFF, 0x41]).string == "\u{FFFD}A")
        #expect(RedisValue.bulk([0xFF]).bytes == [0xFF])
        #expect(RedisValue.array([.null]).array == [.null])
        #expect(RedisValue.null.isNull && !RedisValue.integer(0).isNull)
        #expect(RedisValue.null.string == nil && RedisValue.integer(1).string == nil)
    }

    @Test("computes the same script digest as the server")
    func scriptDigest() {
        let script = RedisScript(name: "one", source: "return 1")
        #expect(script.sha1 == "e0e1f9fabfc9d4800c877a703b823ac0578ff8db")
        #expect(script.command(keys: ["a"], arguments: [5]).arguments == [.string(script.sha1), 1, "a", 5])
    }
}

/// Seeded randomness: a failure comes again.
struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
