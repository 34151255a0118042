/// `text` fit for a message or a log: control and format characters replaced by spaces, `limit` characters at most.
package func printable(_ text: String, limit: Int = 256) -> String {
    var result = ""
    for scalar in text.unicodeScalars.prefix(limit) {
        let category = scalar.properties.generalCategory
        result.unicodeScalars.append(category == .control || category == .format ? " " : scalar)
    }
    return result
}
