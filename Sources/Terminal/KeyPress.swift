/// A key that a person has pressed.
package enum KeyPress: Sendable, Equatable {
    case character(Character)
    case enter, escape, backspace, tab, up, down, left, right, pageUp, pageDown, home, end
    /// Ctrl-C, in a terminal that sends no signal for it.
    case interrupt
}

/// Turns the bytes of a terminal into keys.
package struct KeyDecoder: Sendable, Equatable {
    /// The begin of a key whose other bytes have not come yet.
    private var rest: [UInt8] = []

    package init() {}

    /// Returns the keys in some bytes. A lone ESC at the end of the bytes is the key Escape.
    package mutating func keys(in bytes: [UInt8]) -> [KeyPress] {
        var bytes = (rest + bytes)[...]
        rest = []
        var keys: [KeyPress] = []
        while let first = bytes.first {
            if first == 0x1B {
                guard Self.takeSequence(&bytes, &keys) else {
                    // A sequence that never ends is dropped.
                    rest = bytes.count < 16 ? Array(bytes) : []
                    return keys
                }
            } else if first < 0x20 || first == 0x7F {
                bytes = bytes.dropFirst()
                if let key = Self.control[first] { keys.append(key) }
            } else {
                let length = first < 0x80 ? 1 : first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2
                guard bytes.count >= length else {
                    rest = Array(bytes)
                    return keys
                }
                let text = String(decoding: bytes.prefix(length), as: UTF8.self)
                bytes = bytes.dropFirst(length)
                if let character = text.first, text.count == 1, character != "\u{FFFD}" {
                    keys.append(.character(character))
                }
            }
        }
        return keys
    }

    /// Takes an escape sequence off the bytes; false: its end is missing.
    private static func takeSequence(_ bytes: inout ArraySlice<UInt8>, _ keys: inout [KeyPress]) -> Bool {
        let rest = bytes.dropFirst()
        guard let kind = rest.first, kind == UInt8(ascii: "[") || kind == UInt8(ascii: "O") else {
            keys.append(.escape)
            bytes = rest
            return true
        }
        // A sequence has parameters, and ends with a letter or `~`.
        let parameters = rest.dropFirst()
        guard let end = parameters.firstIndex(where: { (0x40...0x7E).contains($0) }) else { return false }
        let name = String(decoding: parameters[...end], as: UTF8.self)
        if let key = sequences[name] { keys.append(key) }
        bytes = parameters[(end + 1)...]
        return true
    }

    private static let control: [UInt8: KeyPress] = [
        0x03: .interrupt, 0x08: .backspace, 0x7F: .backspace, 0x09: .tab, 0x0A: .enter, 0x0D: .enter,
    ]
    private static let sequences: [String: KeyPress] = [
        "A": .up, "B": .down, "C": .right, "D": .left, "H": .home, "F": .end, "1~": .home, "4~": .end, "7~": .home,
        "8~": .end, "5~": .pageUp, "6~": .pageDown,
    ]
}
