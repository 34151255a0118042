import NIOCore
import Testing

@testable import DockerEngine

@Suite("A JSON list that arrives in pieces")
struct JSONArraySplitterTests {
    private func elements(_ text: String, limit: Int = 1_000, pieces: Int) throws -> (found: [String], dropped: Int) {
        var splitter = JSONArraySplitter(limit: limit)
        var found: [String] = []
        let bytes = Array(text.utf8)
        for start in stride(from: 0, to: bytes.count, by: pieces) {
            let piece = ByteBuffer(bytes: bytes[start..<min(start + pieces, bytes.count)])
            found += try splitter.split(piece).map { String(buffer: $0) }
        }
        try splitter.finish()
        return (found, splitter.dropped)
    }

    @Test("is split into its elements, wherever the pieces end", arguments: 1...40)
    func pieces(length: Int) throws {
        let text = #" [ {"a":"]}\"\\","b":[{},[1]]} , {"c":{"d":"é{["}},{}]"# + "\n"
        let expected = [#"{"a":"]}\"\\","b":[{},[1]]}"#, #"{"c":{"d":"é{["}}"#, "{}"]
        #expect(try elements(text, pieces: length).found == expected)
        #expect(try elements("[]", pieces: length).found.isEmpty)
    }

    @Test("may be of any length, and loses only an element that is too long", arguments: [1, 7, 4_096])
    func longElement(length: Int) throws {
        let long = #"{"long":"\#(String(repeating: "x", count: 100))"}"#
        let text = "[" + (Array(repeating: #"{"a":1}"#, count: 50) + [long, #"{"b":2}"#]).joined(separator: ",") + "]"
        let (found, dropped) = try elements(text, limit: 50, pieces: length)
        #expect(found == Array(repeating: #"{"a":1}"#, count: 50) + [#"{"b":2}"#])
        #expect(dropped == 1)
    }

    @Test(
        "is refused if it breaks off or is no list of objects",
        arguments: ["", "[", #"[{"a":1}"#, #"[{"a":1},"#, #"[{"a":"#, "{}", "null", "[1]", "[]x", "[[]]"]
    )
    func refused(text: String) {
        #expect(throws: JSONArraySplitter.Malformed.self) { try elements(text, pieces: 3) }
    }
}
