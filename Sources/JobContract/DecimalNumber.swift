import Primitives

/// Reads numbers in labels and settings: ASCII digits, with a point between digits for a fraction.
///
/// Swift's parsers also take signs, exponents, hexadecimal floating point, `inf` and `nan`. An operator who reads
/// `0x10` on a label must not have to guess whether a worker reads 16.
package enum DecimalNumber {
    /// The greatest length of a number, in characters.
    private static let longest = 32

    /// Returns the whole number in `text`.
    ///
    /// - Returns: nil for a text other than 1 to 32 digits, and for a number too large for an `Int`.
    package static func integer(_ text: String) -> Int? {
        guard (1...longest).contains(text.utf8.count), text.utf8.allSatisfy(\.isDigit) else { return nil }
        return Int(text)
    }

    /// Returns the number in `text`, with or without a fraction: `2`, `0.5`.
    ///
    /// - Returns: nil for any other text, for example `.5` and `1.`.
    package static func fraction(_ text: String) -> Double? {
        guard (1...longest).contains(text.utf8.count) else { return nil }
        let parts = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count <= 2, parts.allSatisfy({ !$0.isEmpty && $0.allSatisfy(\.isDigit) }) else { return nil }
        return Double(text)
    }
}
