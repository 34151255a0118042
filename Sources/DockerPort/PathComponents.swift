/// The components of a path as a kernel reads it: between slash bytes, whatever follows them. A Swift `Character` may
/// be a slash together with a combining mark, so that parts found by characters would hide a `..` or a protected folder.
///
/// - Parameter keepingEmpty: whether `//` has an empty component in it; the one before a first slash never counts.
package func pathComponents(_ path: String, keepingEmpty: Bool = false) -> [Substring] {
    let slash = UInt8(ascii: "/")
    let bytes = path.utf8.first == slash ? path.utf8.dropFirst() : path.utf8[...]
    return bytes.split(separator: slash, omittingEmptySubsequences: !keepingEmpty).map { Substring($0) }
}

/// Whether two components are the same bytes. Texts that only look the same name different files.
package func isSameComponent(_ one: Substring, _ other: Substring) -> Bool { one.utf8.elementsEqual(other.utf8) }
