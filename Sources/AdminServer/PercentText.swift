/// Reads percent-encoded text (RFC 3986).
enum PercentText {
    /// Returns the text; nil if it is not valid UTF-8, or if a `%` stands before anything but two digits.
    ///
    /// - Parameter plusIsSpace: whether `+` stands for a space, as in forms.
    static func decoded(_ text: Substring, plusIsSpace: Bool = false) -> String? {
        var bytes: [UInt8] = []
        var rest = text.utf8
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "+") where plusIsSpace: bytes.append(UInt8(ascii: " "))
            case UInt8(ascii: "%"):
                // The initializer of UInt8 alone would take a sign or a single digit.
                let digits = String(Substring(rest.prefix(2)))
                guard digits.utf8.count == 2, digits.allSatisfy(\.isHexDigit), let decoded = UInt8(digits, radix: 16)
                else { return nil }
                bytes.append(decoded)
                rest = rest.dropFirst(2)
            default: bytes.append(byte)
            }
        }
        return String(validating: bytes, as: UTF8.self)
    }
}
