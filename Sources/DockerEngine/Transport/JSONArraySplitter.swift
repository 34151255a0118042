import NIOCore
import Primitives

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
        case element(JSONNesting)
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
                let end = chunk.withUnsafeReadableBytes { nesting.end(in: $0) }
                keep(chunk.readSlice(length: end ?? chunk.readableBytes) ?? ByteBuffer())
                place = end == nil ? .element(nesting) : .betweenElements
                if end != nil, let element = complete() { elements.append(element) }
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
            place = .element(JSONNesting())
            keep(ByteBuffer(integer: byte))
        default: throw Malformed(description: "it is no list of objects")
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
