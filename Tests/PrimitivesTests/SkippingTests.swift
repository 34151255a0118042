import Testing

@testable import Primitives

/// Whether what the reader of messages skips and shortens changes anything.
@Suite("The strict JSON reader compared with a simple one")
struct SkippingTests {
    /// What a reader makes of a text.
    private enum Outcome: Equatable {
        case value(JSONValue)
        case error(JSONError)
    }

    private static let kept = ["v", "id", "env", "é", ""]

    private func plain(_ bytes: [UInt8]) -> Outcome {
        do throws(JSONError) {
            return .value(try PlainJSON.parse(bytes))
        } catch {
            return .error(error)
        }
    }

    private func whole(_ bytes: [UInt8]) -> Outcome {
        do throws(JSONError) {
            return .value(try StrictJSON.parse(bytes))
        } catch {
            return .error(error)
        }
    }

    private func skipping(_ bytes: [UInt8]) -> Outcome {
        do throws(JSONError) {
            let members = try StrictJSON.members(of: bytes, keeping: JSONNames(Self.kept))
            return .value(members.map { .object($0) } ?? .null)
        } catch {
            return .error(error)
        }
    }

    /// What skipping may leave of what the plain reader has found.
    private func shortened(_ outcome: Outcome) -> Outcome {
        guard case .value(let value) = outcome else { return outcome }
        guard case .object(let members) = value else { return .value(.null) }
        let names = Set(Self.kept.map { Array($0.utf8) })
        return .value(.object(members.filter { names.contains(Array($0.name.utf8)) }))
    }

    /// Whether all three agree on `bytes`; records where they do not.
    private func check(_ bytes: [UInt8]) -> Bool {
        let expected = plain(bytes)
        let found = whole(bytes)
        let short = skipping(bytes)
        guard isSame(found, expected), isSame(short, shortened(expected)) else {
            Issue.record("\(String(decoding: bytes, as: UTF8.self)): \(expected), whole \(found), skipping \(short)")
            return false
        }
        return true
    }

    /// Whether two outcomes are the same in every byte and bit: `==` also holds for texts that only look the same.
    private func isSame(_ one: Outcome, _ other: Outcome) -> Bool {
        one == other && Array("\(one)".utf8) == Array("\(other)".utf8)
    }

    @Test("agrees on valid, truncated and damaged texts", arguments: 0..<8 as Range<UInt64>)
    func grown(seed: UInt64) {
        var dice = RandomSource(state: seed &* 0x9E37_79B9_7F4A_7C15 | 1)
        for _ in 0..<400 {
            var text: [UInt8] = []
            dice.grow(into: &text, depth: 0)
            guard check(text) else { return }
            for _ in 0..<4 {
                var damaged = text
                dice.damage(&damaged)
                guard check(damaged) else { return }
            }
        }
    }

    @Test("agrees on numbers at their limits")
    func numbers() {
        let digits = ["0", "1", "9", "17", "123456789012345", "1234567890123456", "999999999999999999"]
        let more = [
            "9223372036854775807", "9223372036854775808", "18446744073709551616", String(repeating: "9", count: 308),
        ]
        let longest = [String(repeating: "9", count: 309), "1" + String(repeating: "0", count: 308)]
        let tails = ["", ".0", ".5", ".000001", "." + String(repeating: "3", count: 20)]
        let exponents = [
            "", "e0", "E+5", "e-7", "e22", "e-22", "e23", "e307", "e308", "e309", "e-308", "e-323", "e-324", "e-400",
            "e00000000000000000000000000001", "e9223372036854775808", "e-99999999999999999999999", "e", "e+", "e1.5",
        ]
        for sign in ["", "-", "+"] {
            for whole in digits + more + longest {
                for tail in tails {
                    for exponent in exponents {
                        let number = sign + whole + tail + exponent
                        for text in [number, "{\"v\":\(number)}", "{\"x\":[\(number)]}"] {
                            guard check(Array(text.utf8)) else { return }
                        }
                    }
                }
            }
        }
    }

    @Test("finds a duplicate name among any number of names")
    func manyNames() {
        for count in [1, 2, 7, 8, 9, 15, 16, 17, 31, 32, 33, 200] {
            let names = (0..<count).map { "\"n\($0)\":{\"n0\":0}" }
            #expect(check(Array("{\(names.joined(separator: ","))}".utf8)))
            for twice in [0, count / 2, count - 1] {
                let text = "{\"x\":{\(names.joined(separator: ",")),\"\\u006e\(twice)\":0,\"n0\":0}}"
                #expect(check(Array(text.utf8)))
                guard case .error(let error) = skipping(Array(text.utf8)) else {
                    Issue.record("\(text) is accepted")
                    continue
                }
                #expect(error.reason == "the name \"n\(twice)\" is there twice")
            }
        }
    }

    @Test("accepts the same UTF-8 as the standard library")
    func utf8() {
        // The first bytes of every length, beside each other kind of byte.
        let edges: [UInt8] = [
            0x00, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xEC, 0xED, 0xEE,
            0xEF,
            0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xFF,
        ]
        for first in UInt8.min...UInt8.max {
            for second in edges {
                for third in edges {
                    for bytes in [[first], [first, second], [first, second, third], [first, second, third, 0x80]] {
                        let isValid = String(validating: bytes, as: UTF8.self) != nil
                        guard bytes.withUnsafeBufferPointer(isUTF8) == isValid else {
                            Issue.record("\(bytes)")
                            return
                        }
                    }
                }
            }
        }
    }
}

/// Grows texts that are JSON, or nearly.
private struct RandomSource {
    var state: UInt64

    private static let strings = [
        "v", "id", "env", "é", "e\u{301}", "", "x", "y", #"\u0076"#, #"\u00e9"#, #"e\u0301"#, #"\ud83d\ude00"#,
        #"\ud83d"#, #"\ude00"#,
        #"\ud83d\n"#, #"\ud83dx"#, #"\ud83d\u0041"#, #"\n\t\"\\\/"#, #"\b\f\r"#, #"\x"#, #"\u12g4"#, "😀", "\u{1}",
        "\u{7f}", "aé\\u00e9é",
    ]
    private static let numbers = [
        "0", "-0", "1", "-1.5", "1e2", "1e400", "01", "1.", "-", "9223372036854775808", "0.1e-3", "1E+2",
    ]
    private static let others = ["true", "false", "null", "tru", "", "nul", " true\n"]

    mutating func next(below limit: Int) -> Int {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return Int(state % UInt64(limit))
    }

    private mutating func pick(_ texts: [String]) -> [UInt8] { Array(texts[next(below: texts.count)].utf8) }

    private mutating func string(into text: inout [UInt8]) {
        text.append(UInt8(ascii: "\""))
        for _ in 0...next(below: 2) { text += pick(Self.strings) }
        text.append(UInt8(ascii: "\""))
    }

    mutating func grow(into text: inout [UInt8], depth: Int) {
        switch depth == 0 ? 0 : next(below: depth > 4 ? 6 : 9) {
        case 0, 6: members(into: &text, depth: depth)
        case 1, 2: string(into: &text)
        case 3, 4: text += pick(Self.numbers)
        case 5: text += pick(Self.others)
        default:
            text.append(UInt8(ascii: "["))
            for index in 0..<next(below: 4) {
                if index > 0 { text += pick([",", " , "]) }
                grow(into: &text, depth: depth + 1)
            }
            text.append(UInt8(ascii: "]"))
        }
    }

    private mutating func members(into text: inout [UInt8], depth: Int) {
        text.append(UInt8(ascii: "{"))
        for index in 0..<next(below: depth == 0 ? 12 : 4) {
            if index > 0 { text += pick([",", "\n,\t"]) }
            string(into: &text)
            text += pick([":", " : "])
            grow(into: &text, depth: depth + 1)
        }
        text.append(UInt8(ascii: "}"))
    }

    /// Changes a byte, cuts the end off, doubles a part, or puts it 33 levels deep.
    mutating func damage(_ text: inout [UInt8]) {
        guard !text.isEmpty else { return }
        let index = next(below: text.count)
        switch next(below: 5) {
        case 0: text[index] = UInt8(next(below: 256))
        case 1: text.removeLast(text.count - index)
        case 2: text.insert(contentsOf: text[..<index], at: index)
        case 3: text.remove(at: index)
        default:
            let levels = 28 + next(below: 8)
            text =
                [UInt8](repeating: UInt8(ascii: "["), count: levels) + text
                + [UInt8](repeating: UInt8(ascii: "]"), count: levels)
        }
    }
}
