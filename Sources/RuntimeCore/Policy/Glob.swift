/// A pattern for a whole text.
///
/// `*` matches any run of characters except `/`, `**` any run of characters, and `?` any character except `/`. No
/// wildcard matches an excluded character.
struct Glob {
    private let pattern: [UInt8]
    private let excluded: Set<UInt8>

    /// Creates a pattern.
    ///
    /// - Parameter excluded: Bytes that match only themselves, never a wildcard.
    init(_ pattern: String, excluding excluded: Set<UInt8> = []) {
        self.pattern = Array(pattern.utf8)
        self.excluded = excluded
    }

    func matches(_ text: some StringProtocol) -> Bool {
        let bytes = Array(text.utf8)
        // Keeps all reachable positions for each pattern position, so the number of steps is at most pattern times
        // text.
        var reachable = Set([0])
        var position = 0
        while position < pattern.count, !reachable.isEmpty {
            if pattern[position] == UInt8(ascii: "*") {
                let crosses = position + 1 < pattern.count && pattern[position + 1] == UInt8(ascii: "*")
                reachable = spread(reachable, over: bytes, crossingSlashes: crosses)
                position += crosses ? 2 : 1
                continue
            }
            let wanted = pattern[position]
            reachable = Set(
                reachable.compactMap { index in
                    guard index < bytes.count else { return nil }
                    let fits =
                        wanted == UInt8(ascii: "?")
                        ? isWild(bytes[index], crossingSlashes: false) : bytes[index] == wanted
                    return fits ? index + 1 : nil
                }
            )
            position += 1
        }
        return reachable.contains(bytes.count)
    }

    private func isWild(_ byte: UInt8, crossingSlashes: Bool) -> Bool {
        (crossingSlashes || byte != UInt8(ascii: "/")) && !excluded.contains(byte)
    }

    private func spread(_ starts: Set<Int>, over bytes: [UInt8], crossingSlashes: Bool) -> Set<Int> {
        var reached = starts
        for start in starts {
            var index = start
            while index < bytes.count, isWild(bytes[index], crossingSlashes: crossingSlashes) {
                index += 1
                guard reached.insert(index).inserted else { break }
            }
        }
        return reached
    }
}
