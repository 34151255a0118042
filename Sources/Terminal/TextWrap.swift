/// Functions that divide a long text into lines.
package enum TextWrap {
    /// The smallest width for a paragraph. A narrower column has one word a line.
    package static let least = 24

    /// Returns `text` as lines that end between words. A word that is longer than a line is divided.
    ///
    /// - Parameters:
    ///   - first: The width of the first line, in characters.
    ///   - rest: The width of all other lines.
    package static func lines(_ text: String, first: Int, rest: Int) -> [String] {
        let (first, rest) = (max(1, first), max(1, rest))
        guard text.count > first else { return [text] }
        var lines: [String] = []
        var line = ""
        var width: Int { lines.isEmpty ? first : rest }
        for word in text.split(separator: " ") {
            var word = Substring(word)
            if !line.isEmpty, line.count + 1 + word.count > width {
                // A long word begins in the present line, if the line has much room.
                if word.count > rest, width - line.count > least {
                    let part = word.prefix(width - line.count - 1)
                    line += " " + part
                    word = word.dropFirst(part.count)
                }
                lines.append(line)
                line = ""
            }
            // A word that fits on the next line only begins there.
            if line.isEmpty, lines.isEmpty, word.count > first, word.count <= rest { lines.append("") }
            while line.isEmpty, word.count > width {
                let part = word.prefix(width)
                lines.append(String(part))
                word = word.dropFirst(part.count)
            }
            line += line.isEmpty ? String(word) : " " + word
        }
        if !line.isEmpty || lines.isEmpty { lines.append(line) }
        return lines
    }
}

/// Short forms of ids, for a person. Commands accept the begin of an id.
package enum ShortID {
    /// The smallest length of a prefix that names a job. The short form of a UUID has this length.
    package static let least = 8

    /// Returns the begin of a UUID, and any other id whole.
    package static func text(_ id: String) -> String {
        guard id.utf8.count == 36 else { return id }
        let parts = id.split(separator: "-", omittingEmptySubsequences: false)
        let isUUID =
            parts.map(\.utf8.count) == [8, 4, 4, 4, 12] && parts.allSatisfy { $0.allSatisfy(\.isHexDigit) }
        return isUUID ? String(parts[0]) : id
    }

    /// Returns the begin of a Docker Engine's id, with `…` (`OY67:XLWO…`), and any other name of a node whole.
    ///
    /// Such an id has 12 groups of 4 characters, and is the default name of a node.
    package static func node(_ id: String) -> String {
        guard id.utf8.count == 59 else { return id }
        let groups = id.split(separator: ":", omittingEmptySubsequences: false)
        guard groups.count == 12, groups.allSatisfy({ $0.utf8.count == 4 }) else { return id }
        return groups[0] + ":" + groups[1] + "…"
    }
}
