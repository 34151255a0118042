import Testing

@testable import Primitives

@Suite("The strict JSON reader")
struct StrictJSONTests {
    private func parse(_ text: String) throws(JSONError) -> JSONValue { try StrictJSON.parse(Array(text.utf8)) }

    @Test("reads every kind of value")
    func reads() throws {
        let value = try parse(#" {"a":[1,-2.5,1e2,true,false,null,"x\u00e9\ud83d\ude00\n"],"b":{}} "#)
        #expect(
            value
                == .object([
                    .init(
                        name: "a",
                        value: .array([
                            .integer(1), .number(-2.5), .number(100), .bool(true), .bool(false), .null,
                            .string("xé😀\n"),
                        ])
                    ),
                    .init(name: "b", value: .object([])),
                ])
        )
    }

    @Test(
        "refuses ambiguous JSON and invalid JSON",
        arguments: [
            "", " ", "{", "{}x", #"{"a":1,"a":2}"#, #"{"a":1,"\u0061":2}"#, "[1,]", "{\"a\"}", "{a:1}", "01", "1.",
            ".5",
            "+1", "-", "1e", "NaN", "Infinity", "1e999", "9223372036854775808", "tru", "nul", "'a'",
            #""\ud83d""#, #""\ud83dx""#, #""\ude00""#, #""\x""#, #""\u12g4""#, "\"\u{01}\"", "\"a", "\"\\",
            "[1 2]", "{\"a\":1 \"b\":2}", "\u{FEFF}{}",
        ]
    )
    func refuses(text: String) {
        #expect(throws: JSONError.self) { try parse(text) }
    }

    @Test("refuses strings that are not UTF-8")
    func refusesBrokenUTF8() {
        for bytes: [UInt8] in [[0x22, 0xFF, 0x22], [0x22, 0xC0, 0x80, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22]] {
            #expect(throws: JSONError.self) { try StrictJSON.parse(bytes) }
        }
    }

    @Test("reads 32 levels and refuses 33")
    func depth() throws {
        _ = try parse(String(repeating: "[", count: 32) + String(repeating: "]", count: 32))
        #expect(throws: JSONError.self) {
            try parse(String(repeating: "[", count: 33) + String(repeating: "]", count: 33))
        }
    }

    @Test("never crashes on damaged text")
    func mutations() {
        let text = Array(#"{"v":1,"id":"a\u00e9","n":[1.5e3,true,null,{"x":"\\"}]}"#.utf8)
        var accepted = 0
        for index in text.indices {
            for byte in UInt8.min...UInt8.max {
                var damaged = text
                damaged[index] = byte
                if (try? StrictJSON.parse(damaged)) != nil { accepted += 1 }
            }
        }
        #expect(accepted > 0)
    }
}
