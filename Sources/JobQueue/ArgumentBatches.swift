import Primitives

/// Rows of arguments in batches of a bounded size, in order.
///
/// Redis closes a connection that sends an argument above `proto-max-bulk-len`. `deploy/redis/redis.conf` sets 1 MiB.
struct ArgumentBatches: Sequence {
    /// The greatest size of a batch in bytes, unless a single row is larger.
    static let mostBytes = 512 << 10

    private let batches: [[JSONValue]]

    init(_ rows: [JSONValue]) {
        var batches: [[JSONValue]] = []
        var bytes = 0
        for row in rows {
            let size = row.byteCount
            if batches.isEmpty || bytes + size > Self.mostBytes {
                batches.append([])
                bytes = 0
            }
            batches[batches.count - 1].append(row)
            bytes += size
        }
        self.batches = batches
    }

    func makeIterator() -> IndexingIterator<[[JSONValue]]> { batches.makeIterator() }
}

extension JSONValue {
    /// The size of the value's text, at least. An escaped character of a string may take six bytes instead of one; but a
    /// text of JSON in a string has no control characters, so its size at most doubles.
    fileprivate var byteCount: Int {
        switch self {
        case .null, .bool, .integer, .number: 20
        case .string(let text): 2 * text.utf8.count + 2
        case .array(let values): values.reduce(2) { $0 + $1.byteCount + 1 }
        case .object(let members): members.reduce(2) { $0 + $1.name.utf8.count + $1.value.byteCount + 4 }
        }
    }
}
