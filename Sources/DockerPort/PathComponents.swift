/// Returns the components of a path as the kernel reads the path: the bytes between slashes.
///
/// A Swift `Character` may combine a slash with a combining mark. A split by characters would therefore overlook a `..`
/// or a protected folder.
///
/// - Parameter keepingEmpty: Whether `//` counts as an empty component. The empty text before a leading slash never
///   counts.
package func pathComponents(_ path: String, keepingEmpty: Bool = false) -> [Substring] {
    let slash = UInt8(ascii: "/")
    let bytes = path.utf8.first == slash ? path.utf8.dropFirst() : path.utf8[...]
    return bytes.split(separator: slash, omittingEmptySubsequences: !keepingEmpty).map { Substring($0) }
}

/// Returns whether two components have the same bytes. Two texts of equal appearance can name different files.
package func isSameComponent(_ one: Substring, _ other: Substring) -> Bool { one.utf8.elementsEqual(other.utf8) }
