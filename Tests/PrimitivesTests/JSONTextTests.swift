import Primitives
import Testing

@Suite("Written JSON")
struct JSONTextTests {
    @Test(
        "escapes characters that a JSON string must not contain",
        arguments: [
            ("plain é😀", "\"plain é😀\""), ("\"\\", #""\"\\""#), ("\n\r\t", #""\n\r\t""#),
            ("\u{0}\u{1f}", #""\u0000\u001f""#),
            ("\u{7f}/", "\"\u{7f}/\""),
        ]
    )
    func strings(text: String, json: String) throws {
        #expect(JSONText.string(text) == json)
        let read = try StrictJSON.parse(Array(json.utf8))
        #expect(read == .string(text))
    }

    @Test("has arrays, and objects with sorted or given members")
    func composed() {
        #expect(JSONText.array(["a", "\""]) == #"["a","\""]"#)
        #expect(JSONText.object(["b": "1", "a": "2"]) == #"{"a":"2","b":"1"}"#)
        #expect(JSONText.object([("b", "1"), ("a", "[]")]) == #"{"b":1,"a":[]}"#)
    }

    @Test("decodes to the same strings")
    func objects() {
        #expect(JSONText.strings(#"{"a":"1","e\u0301":"","é":"x"}"#) == ["a": "1", "e\u{301}": "", "é": "x"])
        for text in ["", "[]", #"{"a":1}"#, #"{"a":"1","a":"2"}"#] { #expect(JSONText.strings(text) == nil) }
    }
}
