/// Returns `text` fit for a message or a log: control and format characters replaced by spaces, `limit` bytes of UTF-8 at
/// most, cut between Unicode scalars.
package func printable(_ text: String, limit: Int = 256) -> String {
    // Most texts are plain, and need no look at each character's properties.
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
