/// Returns whether bytes are well-formed UTF-8, by table 3-7 of the Unicode standard. `String` has the same check, but
/// copies the bytes.
func isUTF8(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    var position = 0
    while position < bytes.count {
        let byte = bytes[position]
        position += 1
        if byte < 0x80 { continue }
        /// The number of bytes after the first byte, and the allowed range of the second byte.
        let rest: Int
        let second: ClosedRange<UInt8>
        switch byte {
        case 0xC2...0xDF: (rest, second) = (1, 0x80...0xBF)
        case 0xE0: (rest, second) = (2, 0xA0...0xBF)
        case 0xE1...0xEC, 0xEE...0xEF: (rest, second) = (2, 0x80...0xBF)
        case 0xED: (rest, second) = (2, 0x80...0x9F)
        case 0xF0: (rest, second) = (3, 0x90...0xBF)
        case 0xF1...0xF3: (rest, second) = (3, 0x80...0xBF)
        case 0xF4: (rest, second) = (3, 0x80...0x8F)
        default: return false
        }
        guard position + rest <= bytes.count, second.contains(bytes[position]) else { return false }
        for offset in 1..<3 where offset < rest {
            guard bytes[position + offset] & 0xC0 == 0x80 else { return false }
        }
        position += rest
    }
    return true
}
