/// Returns `text` in a form safe for messages and logs.
///
/// Spaces replace control and format characters. The result has at most `limit` bytes of UTF-8 and ends between Unicode
/// scalars.
package func printable(_ text: String, limit: Int = 256) -> String {
    // Fast path: most texts are plain ASCII, so the properties of each character are not needed.
    if text.utf8.count <= limit, text.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) { return text }
    var result = ""
    var bytes = 0
    for scalar in text.unicodeScalars {
        let category = scalar.properties.generalCategory
        let isUnfit = [.control, .format, .lineSeparator, .paragraphSeparator].contains(category)
        let shown: Unicode.Scalar = isUnfit ? " " : scalar
        bytes += UTF8.width(shown)
        guard bytes <= limit else { break }
        result.unicodeScalars.append(shown)
    }
    return result
}
