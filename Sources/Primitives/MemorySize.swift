/// An amount of memory in the notation of `docker run --memory`: `6291456`, `512m`, `1GB`.
package struct MemorySize: Sendable, Equatable {
    /// The amount as it was written.
    package let text: String
    /// The amount in bytes, 0 or more.
    package let bytes: Int64

    /// Parses a whole number and optionally a unit: `b`, `k`, `m` or `g` in upper or lower case, powers of 1,024. A `b` may
    /// follow `k`, `m` and `g`.
    ///
    /// Docker's own command line also takes fractions (`1.5g`) and `MiB`. This parser refuses both, so that a limit is
    /// always exactly what its text says. Returns nil for any other text, and if the bytes do not fit into 63 bits.
    package init?(_ text: String) {
        // Lower case makes a `k` of the Kelvin sign.
        guard text.utf8.allSatisfy({ $0 < 0x80 }) else { return nil }
        let digits = text.utf8.prefix { $0.isDigit }
        let unit = text.utf8.dropFirst(digits.count)
        guard let number = Int64(Substring(digits)), let factor = Self.factors[Substring(unit).lowercased()] else {
            return nil
        }
        let (product, overflow) = number.multipliedReportingOverflow(by: factor)
        guard !overflow else { return nil }
        self.text = text
        bytes = product
    }

    /// Creates an amount of `count` MiB, written as `512m`.
    package init(mebibytes count: UInt16) {
        text = "\(count)m"
        bytes = Int64(count) << 20
    }

    /// Returns the amount in the unit of another amount, rounded down to hundredths.
    package func text(inUnitOf other: MemorySize) -> String {
        let unit = other.text.drop { $0.isNumber }
        let factor = Self.factors[unit.lowercased()] ?? 1
        let hundredths = (bytes % factor) * 100 / factor
        let rest = hundredths == 0 ? "" : ".\(hundredths / 10)\(hundredths % 10)"
        return "\(bytes / factor)\(rest)\(unit)"
    }

    private static let factors: [String: Int64] = [
        "": 1, "b": 1,
        "k": 1 << 10, "kb": 1 << 10,
        "m": 1 << 20, "mb": 1 << 20,
        "g": 1 << 30, "gb": 1 << 30,
    ]
}
