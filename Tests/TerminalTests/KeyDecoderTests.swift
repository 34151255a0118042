import Testing

@testable import Terminal

@Suite("Keys of a terminal")
struct KeyDecoderTests {
    @Test(
        "bytes become keys",
        arguments: [
            ("a", [.character("a")]), ("ä€😀", [.character("ä"), .character("€"), .character("😀")]),
            ("\r", [.enter]), ("\n", [.enter]), ("\t", [.tab]), ("\u{7F}", [.backspace]), ("\u{3}", [.interrupt]),
            ("\u{1B}", [.escape]), ("\u{1B}[A\u{1B}OB", [.up, .down]), ("\u{1B}[5~\u{1B}[6~", [.pageUp, .pageDown]),
            ("\u{1B}[H\u{1B}[F", [.home, .end]), ("\u{1B}[1;5Aq", [.character("q")]),
            ("\u{1B}q", [.escape, .character("q")]),
            ("\u{1}\u{2}", []), ("\u{1B}[999~", []),
        ] as [(String, [KeyPress])]
    )
    func keys(text: String, expected: [KeyPress]) {
        var decoder = KeyDecoder()
        #expect(decoder.keys(in: Array(text.utf8)) == expected)
        #expect(decoder == KeyDecoder())
    }

    @Test("a key may come in parts")
    func parts() {
        var decoder = KeyDecoder()
        #expect(decoder.keys(in: [0x1B, UInt8(ascii: "[")]) == [])
        #expect(decoder.keys(in: [UInt8(ascii: "B")]) == [.down])
        #expect(decoder.keys(in: [0xC3]) == [])
        #expect(decoder.keys(in: [0xA4]) == [.character("ä")])
    }

    @Test("bytes that are no text and sequences without an end do no harm")
    func hostile() {
        var decoder = KeyDecoder()
        #expect(decoder.keys(in: [0xFF, 0xFF, 0xFF, 0xFF]) == [])
        #expect(decoder.keys(in: Array("\u{1B}[".utf8) + Array(repeating: UInt8(ascii: "1"), count: 100)) == [])
        #expect(decoder.keys(in: Array("q".utf8)) == [.character("q")])
    }
}
