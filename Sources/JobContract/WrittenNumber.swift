/// A number as its digits stand in a text.
struct WrittenNumber {
    /// Where it begins.
    let start: Int
    var isNegative = false
    /// Whether it has neither a fraction nor an exponent.
    var isInteger = true
    var integerDigits = 0
    var fractionDigits = 0
    /// All digits before the exponent as one whole number, right only where they are 18 at most.
    var digits: UInt64 = 0
    /// As written; one above ``limit`` stands for any that is as large.
    var exponent = 0

    /// Above it no further digit is taken, so that nothing overflows.
    static let limit: UInt64 = 100_000_000_000_000_000

    init(start: Int) { self.start = start }

    /// Whether it is in range whatever its digits are. Where this is false it may be in range all the same.
    var fitsForSure: Bool {
        // The largest Double has 309 digits.
        isInteger ? integerDigits <= 18 : integerDigits <= 308 && exponent <= 308 - integerDigits
    }

    /// The value, where it follows from a few exact steps; nil where a text's own reader must find it.
    ///
    /// A whole number below 2^53 and a power of ten up to 10^22 are exact as a Double, so one product or quotient of both is
    /// rounded once, as it must be.
    var exactValue: JSONValue? {
        if isInteger {
            guard integerDigits <= 18 else { return nil }
            return .integer(isNegative ? -Int64(digits) : Int64(digits))
        }
        let power = exponent - fractionDigits
        guard integerDigits + fractionDigits <= 15, (-22...22).contains(power) else { return nil }
        let whole = Double(digits)
        let value = power < 0 ? whole / Self.powersOfTen[-power] : whole * Self.powersOfTen[power]
        return .number(isNegative ? -value : value)
    }

    private static let powersOfTen: [Double] = [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
        1e20, 1e21, 1e22,
    ]
}
