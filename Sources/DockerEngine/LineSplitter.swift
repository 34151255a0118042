import NIOCore

/// Cuts a stream of bytes into lines. A line over the limit is dropped as a whole, so that no container can make
/// the reader hold more than that.
struct LineSplitter: Equatable {
    /// Most bytes of a line.
    let limit: Int
    /// Lines that were longer, and dropped.
    private(set) var dropped = 0
    private var rest = ByteBuffer()
    private var skips = false

    init(limit: Int = 1 << 20) { self.limit = limit }

    /// The lines that `chunk` completes, without their ends; empty ones are left out.
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

    /// The last line, where the stream ended without an end of line.
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
