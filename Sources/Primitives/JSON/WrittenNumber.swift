/// The digits of a number in a JSON text.
struct WrittenNumber {
    /// The position of the first byte.
    let start: Int
    var isNegative = false
    /// Whether the number has neither a fraction nor an exponent.
    var isInteger = true
    var integerDigits = 0
    var fractionDigits = 0
    /// All digits before the exponent as a whole number; correct for up to 18 digits.
    var digits: UInt64 = 0
    /// The exponent as written. A magnitude of ``limit`` or more stands for any exponent of that magnitude.
    var exponent = 0

    /// A value of this size takes no further digit, so that the value cannot overflow.
    static let limit: UInt64 = 100_000_000_000_000_000

    init(start: Int) { self.start = start }

    /// Whether the number is in range for certain. If false, the number may still be in range.
    var fitsForSure: Bool {
        // The largest Double has 309 digits before the point.
        isInteger ? integerDigits <= 18 : integerDigits <= 308 && exponent <= 308 - integerDigits
    }

    /// The exact value, if a few exact steps give the value; else nil, and the text needs a full parser.
    ///
    /// A whole number below 2^53 and a power of ten up to 10^22 are exact as a Double. So a product or quotient of both
    /// is rounded once, as required.
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
