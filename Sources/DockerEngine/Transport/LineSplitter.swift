import NIOCore

/// Splits a stream of bytes into lines. Drops each line over the limit as a whole, so that no container can make the
/// reader hold more bytes.
struct LineSplitter: Equatable {
    /// The largest size of a line, in bytes.
    let limit: Int
    /// The number of dropped lines.
    private(set) var dropped = 0
    private var rest = ByteBuffer()
    private var skips = false

    init(limit: Int = 1 << 20) { self.limit = limit }

    /// Returns the lines completed by `chunk`, without line ends and without empty lines.
    mutating func split(_ chunk: ByteBuffer) -> [ByteBuffer] {
        var lines: [ByteBuffer] = []
        var chunk = chunk
        while let end = chunk.readableBytesView.firstIndex(of: UInt8(ascii: "\n")) {
            var part = chunk.readSlice(length: end - chunk.readerIndex) ?? ByteBuffer()
            chunk.moveReaderIndex(forwardBy: 1)
            if let line = complete(with: &part) { lines.append(line) }
        }
        keep(&chunk)
        return lines
    }

    /// Returns the last line, if the stream ended without a line end.
    mutating func finish() -> ByteBuffer? {
        var none = ByteBuffer()
        return complete(with: &none)
    }

    private mutating func complete(with part: inout ByteBuffer) -> ByteBuffer? {
        keep(&part)
        defer {
            rest = ByteBuffer()
            skips = false
        }
        if !skips, rest.readableBytesView.last == UInt8(ascii: "\r") { rest.moveWriterIndex(to: rest.writerIndex - 1) }
        return skips || rest.readableBytes == 0 ? nil : rest
    }

    private mutating func keep(_ part: inout ByteBuffer) {
        guard !skips else { return }
        guard rest.readableBytes + part.readableBytes <= limit else {
            skips = true
            dropped += 1
            rest = ByteBuffer()
            return
        }
        if rest.readableBytes == 0 { rest = part } else { rest.writeBuffer(&part) }
    }
}
