import NIOCore
import Testing

@testable import DockerEngine

@Suite("Lines of a stream")
struct LineSplitterTests {
    private func lines(_ chunks: [String], limit: Int = 1 << 20) -> (lines: [String], dropped: Int) {
        var splitter = LineSplitter(limit: limit)
        var lines: [String] = []
        for chunk in chunks { lines += splitter.split(ByteBuffer(string: chunk)).map { String(buffer: $0) } }
        if let last = splitter.finish() { lines.append(String(buffer: last)) }
        return (lines, splitter.dropped)
    }

    @Test("are the same, however the bytes are cut")
    func anyCut() {
        let text = "one\ntwo\r\n\n\r\nthree ünï\nfour"
        let bytes = Array(text.utf8)
        for first in 0...bytes.count {
            for second in first...bytes.count {
                var splitter = LineSplitter()
                var found: [String] = []
                for part in [bytes[..<first], bytes[first..<second], bytes[second...]] {
                    found += splitter.split(ByteBuffer(bytes: part)).map { String(buffer: $0) }
                }
                if let last = splitter.finish() { found.append(String(buffer: last)) }
                #expect(found == ["one", "two", "three ünï", "four"])
            }
        }
    }

    @Test("are dropped if they are too long, and the next line is read")
    func tooLong() {
        #expect(lines(["12345\n", "123456\n", "ok\n"], limit: 5) == (["12345", "ok"], 1))
        #expect(lines(["123", "456", "78\nok"], limit: 5) == (["ok"], 1))
        #expect(lines(["123456"], limit: 5) == ([], 1))
    }

    @Test("are none for no bytes")
    func nothing() {
        #expect(lines([]) == ([], 0))
        #expect(lines(["", "\n\n"]) == ([], 0))
    }
}
