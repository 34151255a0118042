/// The classes of ASCII bytes. Names and numbers that others read too are checked byte by byte: Swift's own properties of
/// characters also hold for letters and digits of other scripts.
extension UInt8 {
    /// Whether the byte is one of `0-9`.
    @inlinable
    package var isDigit: Bool { self >= UInt8(ascii: "0") && self <= UInt8(ascii: "9") }

    /// Whether the byte is one of `a-z`.
    @inlinable
    package var isLower: Bool { self >= UInt8(ascii: "a") && self <= UInt8(ascii: "z") }

    /// Whether the byte is one of `A-Z`.
    @inlinable
    package var isUpper: Bool { self >= UInt8(ascii: "A") && self <= UInt8(ascii: "Z") }

    /// Whether the byte is one of `a-z 0-9`.
    @inlinable
    package var isLowerOrDigit: Bool { isLower || isDigit }

    /// Whether the byte is one of `A-Z a-z 0-9`.
    @inlinable
    package var isLetterOrDigit: Bool { isLowerOrDigit || isUpper }

    /// Whether the byte is one of `0-9 a-f`. Docker writes ids and digests in lower case only.
    @inlinable
    package var isLowerHexDigit: Bool { isDigit || self >= UInt8(ascii: "a") && self <= UInt8(ascii: "f") }
}
