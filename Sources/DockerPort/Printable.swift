/// `text` fit for a message or a log: control and format characters replaced by spaces, `limit` characters at most.
package func printable(_ text: String, limit: Int = 256) -> String {
    // Most texts are plain, and need no look at each character's properties.
    if text.utf8.count <= limit, text.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) { return text }
    var result = ""
    for scalar in text.unicodeScalars.prefix(limit) {
        let category = scalar.properties.generalCategory
        result.unicodeScalars.append(category == .control || category == .format ? " " : scalar)
    }
    return result
}
