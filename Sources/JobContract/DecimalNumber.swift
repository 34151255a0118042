/// Numbers as people write them in labels and settings: ASCII digits, and for a fraction one point between digits.
///
/// Swift's own parsers also take signs, exponents, hexadecimal floating point, `inf` and `nan`. An operator who reads
/// `0x10` on a label must not have to guess whether a worker takes it for 16.
package enum DecimalNumber {
    /// Most characters of a number.
    private static let longest = 32

    /// Returns the whole number that `text` writes.
    ///
    /// - Returns: nil for anything but 1 to 32 digits, and for a number that does not fit into an `Int`.
    package static func integer(_ text: String) -> Int? {
        guard (1...longest).contains(text.utf8.count), text.utf8.allSatisfy(isDigit) else { return nil }
        return Int(text)
    }

    /// Returns the number that `text` writes, with or without a fraction: `2`, `0.5`.
    ///
    /// - Returns: nil for anything else, `.5` and `1.` among it.
    package static func fraction(_ text: String) -> Double? {
        guard (1...longest).contains(text.utf8.count) else { return nil }
        let parts = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count <= 2, parts.allSatisfy({ !$0.isEmpty && $0.allSatisfy(isDigit) }) else { return nil }
        return Double(text)
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
}
