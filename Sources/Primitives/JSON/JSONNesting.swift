/// The place of a byte within a JSON object that arrives in pieces.
package struct JSONNesting: Sendable, Equatable {
    private var depth = 1
    private var isString = false
    private var isEscaped = false

    /// The place behind the `{` of the object.
    package init() {}

    /// Reads the next piece, up to the end of the object.
    ///
    /// - Returns: The number of bytes up to the end of the object, or nil if the object goes on behind the piece.
    package mutating func end(in bytes: UnsafeRawBufferPointer) -> Int? {
        for (index, byte) in bytes.enumerated() {
            if isString {
                readInString(byte)
                continue
            }
            switch byte {
            case UInt8(ascii: "\""): isString = true
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                depth -= 1
                if depth == 0 { return index + 1 }
            default: break
            }
        }
        return nil
    }

    private mutating func readInString(_ byte: UInt8) {
        if isEscaped {
            isEscaped = false
        } else if byte == UInt8(ascii: "\\") {
            isEscaped = true
        } else if byte == UInt8(ascii: "\"") {
            isString = false
        }
    }
}
