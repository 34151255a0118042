import Primitives
import Testing

@Suite("Typed ids")
struct TextIDTests {
    private struct SampleID: TextID {
        let text: String
        init(_ text: String) { self.text = text }
        init(stringLiteral text: String) { self.text = text }
    }

    @Test("an id is its text")
    func text() {
        let id = SampleID("job-1")
        let literal: SampleID = "job-1"
        #expect(id == literal && id.text == "job-1" && "\(id)" == "job-1")
        #expect(!id.isEmpty && SampleID("").isEmpty)
    }

    @Test(
        "ids that only look the same are two ids",
        arguments: [
            ("\u{E9}", "e\u{301}"), ("\u{212B}", "A\u{30A}"), ("job-\u{E9}-0123456789", "job-e\u{301}-0123456789"),
        ]
    )
    func equivalence(_ one: String, _ other: String) {
        #expect(one == other, "the texts are canonically equivalent")
        let (first, second) = (SampleID(one), SampleID(other))
        #expect(!(first == second))
        #expect(first != second)
        #expect(Set([first, second]).count == 2)
        #expect([first: 1, second: 2] == [second: 2, first: 1])
        #expect([first: 1, second: 2][second] == 2)
        #expect((first < second) != (second < first))
    }

    @Test("equality looks at each byte", arguments: [1, 7, 8, 9, 15, 16, 17, 64])
    func bytes(_ count: Int) {
        let text = String(repeating: "a", count: count)
        #expect(SampleID(text) == SampleID(String(repeating: "a", count: count)))
        #expect(SampleID(text).hashValue == SampleID(String(repeating: "a", count: count)).hashValue)
        #expect(SampleID(text) != SampleID(text + "a"))
        for place in 0..<count {
            var bytes = Array(text.utf8)
            bytes[place] = UInt8(ascii: "b")
            #expect(SampleID(text) != SampleID(String(decoding: bytes, as: UTF8.self)))
        }
    }

    @Test("the order is that of the bytes")
    func order() {
        let ids: [SampleID] = ["\u{E9}", "e\u{301}", "ea", "a"]
        let bytes = ids.sorted().map { Array($0.text.utf8) }
        #expect(bytes == [[0x61], [0x65, 0x61], [0x65, 0xCC, 0x81], [0xC3, 0xA9]])
        #expect(!(SampleID("a") < SampleID("a")))
    }

    @Test("a container's id is 12 characters long for people, as in Docker's own lists")
    func short() {
        #expect(ContainerID(String(repeating: "ab", count: 32)).short == "abababababab")
        #expect(ContainerID("c1").short == "c1" && ContainerID("").short.isEmpty)
    }
}
