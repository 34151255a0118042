import DockerPort
import Primitives

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// An answer with labels.
///
/// Foundation's decoder treats two label names of equal appearance as one key and loses a label. ``LabelReader``
/// therefore reads the labels from the same bytes.
protocol LabelledAnswer: Decodable {
    /// The names of the JSON members that lead to the labels.
    static var labelPath: [String] { get }
    /// The labels; nil if the answer has none.
    var labels: LabelMap? { get set }
}

/// Reads an answer's labels, a JSON object of strings. The rest of the answer is valid JSON, because the decoder has
/// read the answer before. The reader only skips the rest.
struct LabelReader {
    struct Malformed: Error {}

    private let bytes: UnsafeRawBufferPointer
    private var position = 0

    private init(bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    /// Returns the labels at `path`; nil if there are none.
    static func labels(in bytes: UnsafeRawBufferPointer, at path: [String]) throws -> LabelMap? {
        var reader = LabelReader(bytes: bytes)
        guard reader.next == UInt8(ascii: "{") else { throw Malformed() }
        return try reader.labels(at: path[...])
    }

    /// The next byte that is no white space; nil at the end.
    private var next: UInt8? {
        mutating get {
            while position < bytes.count {
                let byte = bytes[position]
                guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return byte }
                position += 1
            }
            return nil
        }
    }

    private mutating func labels(at path: ArraySlice<String>) throws -> LabelMap? {
        guard let wanted = path.first else { return try strings() }
        var found: LabelMap?
        try members { reader, name in
            if name.isSameBytes(as: wanted), reader.next == UInt8(ascii: "{") {
                found = try reader.labels(at: path.dropFirst())
            } else if name.isSameBytes(as: wanted), path.count == 1, reader.next != UInt8(ascii: "n") {
                // Labels are an object or null.
                throw Malformed()
            } else {
                try reader.skipValue()
            }
        }
        return found
    }

    private mutating func strings() throws -> LabelMap {
        var strings: [LabelMap.Element] = []
        try members { reader, name in
            guard reader.next == UInt8(ascii: "\"") else { throw Malformed() }
            strings.append((key: name, value: try reader.string()))
        }
        return LabelMap(strings)
    }

    /// Reads the members of the object at the position. `readValue` must read each value.
    private mutating func members(_ readValue: (inout LabelReader, String) throws -> Void) throws {
        position += 1
        while let byte = next {
            switch byte {
            case UInt8(ascii: "}"):
                position += 1
                return
            case UInt8(ascii: ","): position += 1
            case UInt8(ascii: "\""):
                let name = try string()
                guard next == UInt8(ascii: ":") else { throw Malformed() }
                position += 1
                guard next != nil else { throw Malformed() }
                try readValue(&self, name)
            default: throw Malformed()
            }
        }
        throw Malformed()
    }

    /// Skips a string with its quotation marks. Returns whether the string contains an escape.
    private mutating func skipString() throws -> Bool {
        var hasEscapes = false
        position += 1
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "\""):
                position += 1
                return hasEscapes
            case UInt8(ascii: "\\"):
                hasEscapes = true
                position += 2
            default: position += 1
            }
        }
        throw Malformed()
    }

    private mutating func string() throws -> String {
        let start = position
        let hasEscapes = try skipString()
        let quoted = bytes[start..<position]
        guard hasEscapes else { return String(decoding: quoted.dropFirst().dropLast(), as: UTF8.self) }
        return try JSONDecoder().decode(String.self, from: Data(quoted))
    }

    private mutating func skipValue() throws {
        var depth = 0
        while let byte = next {
            switch byte {
            case UInt8(ascii: "\""): _ = try skipString()
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
                position += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                // End of the object around a number or a word.
                guard depth > 0 else { return }
                depth -= 1
                position += 1
            case UInt8(ascii: ",") where depth == 0: return
            default: position += 1
            }
            if depth == 0, byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "}") || byte == UInt8(ascii: "]") {
                return
            }
        }
        throw Malformed()
    }
}
