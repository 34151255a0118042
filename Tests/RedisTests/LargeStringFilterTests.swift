import Testing

@testable import Redis

@Suite("Large strings on a connection that discards them")
struct LargeStringFilterTests {
    /// Feeds a wire text in pieces of a size; returns what is kept, and the sizes of what is discarded.
    private func fed(_ wire: String, by size: Int, limit: Int = 10) -> (kept: String, omitted: [Int]) {
        var filter = LargeStringFilter(limit: limit)
        var (kept, omitted): ([UInt8], [Int]) = ([], [])
        let bytes = Array(wire.utf8)
        for begin in stride(from: 0, to: bytes.count, by: size) {
            let step = filter.feed(bytes[begin..<min(begin + size, bytes.count)])
            kept += step.kept
            omitted += [step.omitted].compactMap { $0 }
        }
        return (String(decoding: kept, as: UTF8.self), omitted)
    }

    @Test("are discarded, and everything else is kept, however the bytes are cut")
    func cuts() {
        let large = "$11\r\n01234567890\r\n"
        let others = [
            "$10\r\n0123456789\r\n", "$-1\r\n", "*-1\r\n", ":7\r\n", "+OK\r\n", "-ERR no\r\n", "*1\r\n" + large,
            "$x\r\n",
            "$99999999999999999999999999\r\n",
        ]
        for size in 1...40 {
            #expect(fed(large, by: size) == ("", [11]), "in pieces of \(size)")
            for other in others { #expect(fed(other, by: size) == (other, []), "\(other) in pieces of \(size)") }
        }
    }

    @Test("leave the next reply untouched")
    func next() {
        var filter = LargeStringFilter(limit: 3)
        #expect(filter.feed("$4\r\nabcd\r\n".utf8) == .init(omitted: 4))
        #expect(filter.feed("$3\r\nabc\r\n".utf8) == .init(kept: Array("$3\r\nabc\r\n".utf8)))
        filter.replyEnded()
        #expect(filter.feed("$4\r\nab".utf8) == .init())
        #expect(filter.feed("cd\r".utf8) == .init())
        #expect(filter.feed("\n".utf8) == .init(omitted: 4))
        #expect(filter == LargeStringFilter(limit: 3))
    }
}
