/// Discards a bulk string above a limit while the string arrives, so that nobody holds it in memory.
///
/// For a connection with one command at a time: a reply begins only after the end of the previous one.
struct LargeStringFilter: Equatable {
    /// What to do with received bytes.
    struct Step: Equatable {
        /// The bytes for the reader of replies.
        var kept: [UInt8] = []
        /// The size of the string that has just ended, if the filter has discarded a string.
        var omitted: Int?
    }

    private enum State: Equatable {
        /// The first bytes of a reply. The first line is not complete.
        case header([UInt8])
        /// The rest of the reply is kept.
        case keeping
        case discarding(left: Int, size: Int)
    }

    /// The longest first line of a bulk string: `$`, 19 digits, CR and LF.
    private static let longestHeader = 22

    /// The largest string to keep, in bytes.
    let limit: Int
    private var state = State.header([])

    init(limit: Int) { self.limit = limit }

    /// Takes received bytes. They may end anywhere in a reply.
    mutating func feed(_ bytes: some Collection<UInt8>) -> Step {
        switch state {
        case .keeping: return Step(kept: Array(bytes))
        case .discarding(let left, let size): return discard(bytes.count, of: left, size)
        case .header(let begin): return begun(begin + bytes)
        }
    }

    /// The reader has read a whole reply. The next bytes begin another one.
    mutating func replyEnded() { state = .header([]) }

    private mutating func begun(_ bytes: [UInt8]) -> Step {
        let line = bytes.prefix(Self.longestHeader)
        if line.first == UInt8(ascii: "$") {
            guard let end = line.firstIndex(of: UInt8(ascii: "\n")) else {
                if bytes.count < Self.longestHeader {
                    state = .header(bytes)
                    return Step()
                }
                return keep(bytes)
            }
            let digits = String(decoding: line[1..<end].prefix { $0 != UInt8(ascii: "\r") }, as: UTF8.self)
            if let size = Int(digits), size > limit, size < Int.max - 2 {
                return discard(bytes.count - end - 1, of: size + 2, size)
            }
        }
        return bytes.isEmpty ? Step() : keep(bytes)
    }

    private mutating func keep(_ bytes: [UInt8]) -> Step {
        state = .keeping
        return Step(kept: bytes)
    }

    private mutating func discard(_ count: Int, of left: Int, _ size: Int) -> Step {
        guard count >= left else {
            state = .discarding(left: left - count, size: size)
            return Step()
        }
        state = .header([])
        return Step(omitted: size)
    }
}
