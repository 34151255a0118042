import JobContract
import Testing

@Suite("A decimal number")
struct DecimalNumberTests {
    @Test("is digits, with one point between digits if a fraction is allowed")
    func reads() {
        #expect(DecimalNumber.integer("0") == 0)
        #expect(DecimalNumber.integer("0512") == 512)
        #expect(DecimalNumber.integer("9223372036854775807") == .max)
        #expect(DecimalNumber.fraction("2") == 2)
        #expect(DecimalNumber.fraction("0.25") == 0.25)
        #expect(DecimalNumber.fraction("010.50") == 10.5)
    }

    @Test(
        "is no other text that a parser accepts as a number",
        arguments: [
            "", " ", "0x10", "0X10", "0x1p3", "inf", "-inf", "infinity", "nan", "1e400", "1e3", "1E3", "+1", "-1", " 1",
            "1 ", "1\n", "1_000", "1,5", "١", "1\u{301}", String(repeating: "1", count: 33),
        ]
    )
    func refuses(text: String) {
        #expect(DecimalNumber.integer(text) == nil)
        #expect(DecimalNumber.fraction(text) == nil)
    }

    @Test("has its point between digits", arguments: [".5", "1.", ".", "1..2", "1.2.3", "0.0x1"])
    func point(text: String) {
        #expect(DecimalNumber.integer(text) == nil)
        #expect(DecimalNumber.fraction(text) == nil)
    }

    @Test("is refused if it does not fit")
    func tooLarge() { #expect(DecimalNumber.integer("9223372036854775808") == nil) }
}
