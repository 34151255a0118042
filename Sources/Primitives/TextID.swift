/// An id with a type of its own.
///
/// No text becomes an id by itself, except a literal. Code for reading a message, a reply or an argument makes the id, and
/// code for writing takes the ``text``.
///
/// Ids are equal if their bytes are equal, and their order is the order of the bytes. For `String`, canonically equivalent
/// texts are equal: a dictionary with `String` keys would merge two different ids of Redis or Docker. The protocol is not
/// a `RawRepresentable` for the same reason: the library's `!=` for such types compares the raw values.
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
    /// Adds the bytes of a text, and a byte outside of UTF-8 as the end.
    fileprivate mutating func combineBytes(of text: String) {
        var text = text
        text.withUTF8 { combine(bytes: UnsafeRawBufferPointer($0)) }
        combine(0xFF as UInt8)
    }
}
