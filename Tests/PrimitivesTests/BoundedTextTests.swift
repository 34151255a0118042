import Primitives
import Testing

@Suite("A text of bounded length")
struct BoundedTextTests {
    @Test("is cut by bytes, between two scalars", arguments: 0...11)
    func cut(limit: Int) {
        let text = "aü€😀x"
        let cut = text.cut(toBytes: limit)
        #expect(cut.utf8.count <= limit && text.hasPrefix(cut))
        #expect(["", "a", "aü", "aü€", "aü€😀", "aü€😀x"].contains(cut))
        #expect("aü€😀x".dropFirst().cut(toBytes: 2) == "ü")
    }
}
