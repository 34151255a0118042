/// A pattern over a whole text: `*` stands for any run of characters but `/`, `**` for any run, `?` for
/// one character but `/`. No wildcard stands for one of the characters that `excluding` names.
struct Glob {
    private let pattern: [UInt8]
    private let excluded: Set<UInt8>

    /// - Parameter excluded: bytes that only themselves match, whatever the wildcard.
    init(_ pattern: String, excluding excluded: Set<UInt8> = []) {
        self.pattern = Array(pattern.utf8)
        self.excluded = excluded
    }

    func matches(_ text: some StringProtocol) -> Bool {
        let bytes = Array(text.utf8)
        // One row per pattern position, so that no pattern takes more than pattern times text steps.
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
