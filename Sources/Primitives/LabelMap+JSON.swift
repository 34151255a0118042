extension LabelMap {
    /// The labels as one JSON object, in order. Equal maps give equal text.
    ///
    /// Foundation's encoder keeps the names of an object in a dictionary by `String`, so it would lose labels.
    public var json: String {
        "{" + map { quotedJSON($0.key) + ":" + quotedJSON($0.value) }.joined(separator: ",") + "}"
    }
}

/// Returns `text` as a JSON string: in quotation marks, escaped.
package func quotedJSON(_ text: String) -> String {
    var escaped = "\""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "\"": escaped += "\\\""
        case "\\": escaped += "\\\\"
        case "\n": escaped += "\\n"
        case "\r": escaped += "\\r"
        case "\t": escaped += "\\t"
        case "\0"..<" ":
            let digits = String(scalar.value, radix: 16)
            escaped += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        default: escaped.unicodeScalars.append(scalar)
        }
    }
    return escaped + "\""
}
