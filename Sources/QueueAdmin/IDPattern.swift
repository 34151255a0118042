import JobContract

/// A pattern for ids of games: `*` stands for any characters, `?` for one.
package struct IDPattern: Sendable, Equatable {
    package var text: String

    package init(_ text: String) { self.text = text }

    /// Whether the pattern has no `*` and no `?`, so that it names a single id.
    package var isPlain: Bool { !text.utf8.contains { $0 == UInt8(ascii: "*") || $0 == UInt8(ascii: "?") } }

    /// Returns whether the whole id matches. The time is at most the product of both lengths.
    package func matches(_ id: String) -> Bool {
        let (pattern, text) = (Array(text.utf8), Array(id.utf8))
        let (star, any) = (UInt8(ascii: "*"), UInt8(ascii: "?"))
        var (next, place) = (0, 0)
        // The last star, and how far its text reaches.
        var back: (next: Int, place: Int)?
        while place < text.count {
            if next < pattern.count, pattern[next] == star {
                back = (next + 1, place)
                next += 1
            } else if next < pattern.count, pattern[next] == any || pattern[next] == text[place] {
                next += 1
                place += 1
            } else if let last = back {
                back = (last.next, last.place + 1)
                (next, place) = (last.next, last.place + 1)
            } else {
                return false
            }
        }
        return pattern[next...].allSatisfy { $0 == star }
    }

    /// The pattern for `MATCH` of Redis.
    var redisPattern: String {
        text.reduce(into: "") { pattern, character in
            if "[]\\".contains(character) { pattern += "\\" }
            pattern.append(character)
        }
    }
}
