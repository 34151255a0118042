/// Amounts of memory as `docker run --memory` takes them.
package enum MemorySize {
    /// Bytes that `text` means: a whole number, then optionally a unit `b`, `k`, `m` or `g` (powers of 1,024,
    /// upper or lower case), and after `k`, `m` or `g` optionally a `b`: `6291456`, `512m`, `1GB`.
    ///
    /// Docker's own command line takes fractions (`1.5g`) and `MiB` as well; here they are refused, so that
    /// a limit is always exactly what it says.
    ///
    /// - Returns: nil for anything else, and where the bytes do not fit into 63 bits.
    package static func bytes(_ text: String) -> Int64? {
        // Lower case makes a `k` of the Kelvin sign.
        guard text.utf8.allSatisfy({ $0 < 0x80 }) else { return nil }
        var rest = Substring(text)
        let digits = rest.prefix { ("0"..."9").contains($0) }
        guard !digits.isEmpty, let number = Int64(digits) else { return nil }
        rest = rest.dropFirst(digits.count)
        guard let factor = factors[rest.lowercased()] else { return nil }
        let (product, overflow) = number.multipliedReportingOverflow(by: factor)
        return overflow ? nil : product
    }

    private static let factors: [String: Int64] = [
        "": 1, "b": 1,
        "k": 1 << 10, "kb": 1 << 10,
        "m": 1 << 20, "mb": 1 << 20,
        "g": 1 << 30, "gb": 1 << 30,
    ]
}
