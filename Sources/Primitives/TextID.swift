/// An id whose type says what the id names.
///
/// No text becomes an id by itself, except a literal. Code that reads a message, a reply or an argument makes the id, and
/// code that writes one takes its ``text``.
///
/// Ids are equal if their bytes are equal, and their order is the order of the bytes. `String` also takes canonically
/// equivalent texts for equal: a dictionary of them would keep only one of two ids that Redis and Docker tell apart. The
/// protocol is no `RawRepresentable` for the same reason: the library's `!=` for such types compares the raw values.
public protocol TextID: Hashable, Comparable, Sendable, CustomStringConvertible, ExpressibleByStringLiteral {
    /// The id as written in messages, keys and logs.
    var text: String { get }

    init(_ text: String)
}

extension TextID {
    public var description: String { text }
    /// Whether the text has no characters.
    public var isEmpty: Bool { text.isEmpty }

    public static func == (one: Self, other: Self) -> Bool { one.text.isSameBytes(as: other.text) }

    public static func < (one: Self, other: Self) -> Bool { one.text.precedes(other.text) }

    public func hash(into hasher: inout Hasher) { hasher.combineBytes(of: text) }
}

extension Hasher {
    /// Adds the bytes of a text, and an end that no text contains.
    fileprivate mutating func combineBytes(of text: String) {
        var text = text
        text.withUTF8 { combine(bytes: UnsafeRawBufferPointer($0)) }
        combine(0xFF as UInt8)
    }
}
