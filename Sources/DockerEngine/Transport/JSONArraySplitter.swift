import NIOCore

/// Splits a JSON array of objects into its elements during arrival. The reader then holds only one element at a time.
///
/// The array may have any length. Each element over the limit is dropped as a whole.
struct JSONArraySplitter: Equatable {
    /// The error for input that is no array of objects, or ends too early.
    struct Malformed: Error, Equatable, CustomStringConvertible {
        var description: String
    }

    private enum Place: Equatable {
        case beforeArray, afterArray
        /// Before the first element, between elements, or after the last element.
        case betweenElements
        case element(Nesting)
    }

    /// The nesting of the last byte within its element.
    private struct Nesting: Equatable {
        var depth = 1
        var isString = false
        var isEscaped = false
    }

    /// The largest size of an element, in bytes.
    let limit: Int
    /// The number of dropped elements.
    private(set) var dropped = 0
    private var place = Place.beforeArray
    private var rest = ByteBuffer()
    private var skips = false

    init(limit: Int) { self.limit = limit }

    /// Returns the elements completed by `chunk`.
    mutating func split(_ chunk: ByteBuffer) throws(Malformed) -> [ByteBuffer] {
        var elements: [ByteBuffer] = []
        var chunk = chunk
        while chunk.readableBytes > 0 {
            if case .element(var nesting) = place {
                let (length, isComplete) = Self.scan(chunk, &nesting)
                keep(chunk.readSlice(length: length) ?? ByteBuffer())
                place = isComplete ? .betweenElements : .element(nesting)
                if isComplete, let element = complete() { elements.append(element) }
            } else if let byte = chunk.readInteger(as: UInt8.self) {
                try step(byte)
            }
        }
        return elements
    }

    /// Verifies that the array is complete.
    func finish() throws(Malformed) {
        guard place == .afterArray else { throw Malformed(description: "it ends in the middle of the list") }
    }

    /// Reads a byte outside the elements. The function does not check the number of commas.
    private mutating func step(_ byte: UInt8) throws(Malformed) {
        switch (place, byte) {
        case (_, UInt8(ascii: " ")), (_, UInt8(ascii: "\n")), (_, UInt8(ascii: "\r")), (_, UInt8(ascii: "\t")): break
        case (.beforeArray, UInt8(ascii: "[")): place = .betweenElements
        case (.betweenElements, UInt8(ascii: ",")): break
        case (.betweenElements, UInt8(ascii: "]")): place = .afterArray
        case (.betweenElements, UInt8(ascii: "{")):
            place = .element(Nesting())
            keep(ByteBuffer(integer: byte))
        default: throw Malformed(description: "it is no list of objects")
        }
    }

    /// Returns the number of bytes of `chunk` that belong to the element, and whether the element ends there.
    private static func scan(_ chunk: ByteBuffer, _ nesting: inout Nesting) -> (length: Int, isComplete: Bool) {
        var now = nesting
        defer { nesting = now }
        return chunk.withUnsafeReadableBytes { bytes in
            for (index, byte) in bytes.enumerated() {
                if now.isString {
                    if now.isEscaped {
                        now.isEscaped = false
                    } else if byte == UInt8(ascii: "\\") {
                        now.isEscaped = true
                    } else if byte == UInt8(ascii: "\"") {
                        now.isString = false
                    }
                    continue
                }
                switch byte {
                case UInt8(ascii: "\""): now.isString = true
                case UInt8(ascii: "{"), UInt8(ascii: "["): now.depth += 1
                case UInt8(ascii: "}"), UInt8(ascii: "]"):
                    now.depth -= 1
                    if now.depth == 0 { return (index + 1, true) }
                default: break
                }
            }
            return (bytes.count, false)
        }
    }

    private mutating func keep(_ part: ByteBuffer) {
        guard !skips else { return }
        guard rest.readableBytes + part.readableBytes <= limit else {
            skips = true
            dropped += 1
            rest = ByteBuffer()
            return
        }
        rest.writeImmutableBuffer(part)
    }

    private mutating func complete() -> ByteBuffer? {
        defer {
            rest = ByteBuffer()
            skips = false
        }
        return skips ? nil : rest
    }
}
