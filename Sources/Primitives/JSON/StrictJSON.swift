/// Reads RFC 8259 JSON so strictly that all readers understand a message alike.
///
/// Names must not repeat, strings must be well-formed UTF-8 without unpaired surrogates, numbers must fit, and nesting
/// has a limit. Foundation's decoder takes the last of two equal names. A signature check with that decoder could see
/// other values than another reader.
///
/// Unread values get the same checks but are not built. So a large message costs a worker little time.
package struct StrictJSON {
    /// The greatest nesting depth. A bare value has depth 0, and `{}` has depth 1.
    package static let maximumDepth = 32

    /// Returns the value of a JSON text.
    package static func parse(_ bytes: [UInt8]) throws(JSONError) -> JSONValue {
        try bytes.withUnsafeBufferPointer { (buffer) throws(JSONError) in
            var reader = StrictJSON(bytes: buffer)
            return try reader.whole(.all)
        }
    }

    /// Returns the members of the object in `bytes` whose names are in `names`; nil if `bytes` hold another value.
    package static func members(of bytes: [UInt8], keeping names: JSONNames) throws(JSONError) -> [JSONValue.Member]? {
        try bytes.withUnsafeBufferPointer { (buffer) throws(JSONError) in
            var reader = StrictJSON(bytes: buffer)
            guard case .object(let members) = try reader.whole(.members(names)) else { return nil }
            return members
        }
    }

    /// The parts of a value to build.
    private enum Keeping {
        case all, nothing
        /// The members with these names, if the value is an object; else nothing.
        case members(JSONNames)
    }

    let bytes: UnsafeBufferPointer<UInt8>
    var position = 0
    /// The characters of the most recently kept string with an escape.
    var unescaped: [UInt8] = []
    private var names = MemberNames()

    private init(bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    func failure(_ reason: String) -> JSONError { JSONError(reason: reason, offset: position) }

    var current: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skipWhitespace() {
        while let byte = current, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
    }

    mutating func take(_ byte: UInt8) -> Bool {
        guard current == byte else { return false }
        position += 1
        return true
    }

    private mutating func whole(_ keeping: Keeping) throws(JSONError) -> JSONValue {
        skipWhitespace()
        let value = try value(depth: 0, keeping)
        skipWhitespace()
        guard position == bytes.count else { throw failure("more text after the end of the value") }
        return value
    }

    /// Reads the value at the position. A value that is not kept becomes `null`, or an empty array or object.
    private mutating func value(depth: Int, _ keeping: Keeping) throws(JSONError) -> JSONValue {
        switch current {
        case UInt8(ascii: "{"): return .object(try object(depth: depth + 1, keeping))
        case UInt8(ascii: "["): return .array(try array(depth: depth + 1, keeping))
        case UInt8(ascii: "\""):
            guard case .all = keeping else {
                _ = try string(keeps: false)
                return .null
            }
            let place = try string(keeps: true)
            return .string(text(at: place))
        case UInt8(ascii: "t"): return try literal("true", .bool(true))
        case UInt8(ascii: "f"): return try literal("false", .bool(false))
        case UInt8(ascii: "n"): return try literal("null", .null)
        case .some(UInt8(ascii: "-")), .some(UInt8(ascii: "0")...UInt8(ascii: "9")):
            guard case .all = keeping else { return try number(keeps: false) }
            return try number(keeps: true)
        case .some: throw failure("no JSON value")
        case nil: throw failure("the text ends before its value")
        }
    }

    private mutating func literal(_ text: StaticString, _ value: JSONValue) throws(JSONError) -> JSONValue {
        let length = text.utf8CodeUnitCount
        guard position + length <= bytes.count,
            text.withUTF8Buffer({ bytes[position..<position + length].elementsEqual($0) })
        else { throw failure("no JSON value") }
        position += length
        return value
    }

    private mutating func object(depth: Int, _ keeping: Keeping) throws(JSONError) -> [JSONValue.Member] {
        guard depth <= Self.maximumDepth else { throw failure("nested deeper than \(Self.maximumDepth)") }
        position += 1
        skipWhitespace()
        if take(UInt8(ascii: "}")) { return [] }
        var members: [JSONValue.Member] = []
        var open = names.open()
        while true {
            skipWhitespace()
            guard current == UInt8(ascii: "\"") else { throw failure("a member's name must be a string") }
            let name = try string(keeps: true)
            // Compare bytes: for other readers, names that are only equivalent in Unicode are different names.
            let isNew = withBytes(at: name) { names, bytes in names.add(bytes, to: &open) }
            guard isNew else { throw failure("the name \"\(text(at: name).cut(toBytes: 64))\" is there twice") }
            let isKept = keeps(name, keeping)
            let kept = isKept ? text(at: name) : ""
            skipWhitespace()
            guard take(UInt8(ascii: ":")) else { throw failure("a colon must follow a member's name") }
            skipWhitespace()
            let value = try value(depth: depth, isKept ? .all : .nothing)
            if isKept { members.append(JSONValue.Member(name: kept, value: value)) }
            skipWhitespace()
            if take(UInt8(ascii: "}")) { break }
            guard take(UInt8(ascii: ",")) else { throw failure("a comma or } must follow a member") }
        }
        names.close(open)
        return members
    }

    private mutating func keeps(_ name: StringPlace, _ keeping: Keeping) -> Bool {
        switch keeping {
        case .all: true
        case .nothing: false
        case .members(let wanted): withBytes(at: name) { _, bytes in wanted.contains(bytes) }
        }
    }

    private mutating func withBytes<Result>(
        at place: StringPlace,
        _ body: (inout MemberNames, UnsafeBufferPointer<UInt8>) -> Result
    ) -> Result {
        guard place.isEscaped else { return body(&names, UnsafeBufferPointer(rebasing: bytes[place.range])) }
        return unescaped.withUnsafeBufferPointer { body(&names, $0) }
    }

    private mutating func array(depth: Int, _ keeping: Keeping) throws(JSONError) -> [JSONValue] {
        guard depth <= Self.maximumDepth else { throw failure("nested deeper than \(Self.maximumDepth)") }
        position += 1
        skipWhitespace()
        if take(UInt8(ascii: "]")) { return [] }
        var elements: [JSONValue] = []
        var isKept = false
        if case .all = keeping { isKept = true }
        while true {
            skipWhitespace()
            let element = try value(depth: depth, isKept ? .all : .nothing)
            if isKept { elements.append(element) }
            skipWhitespace()
            if take(UInt8(ascii: "]")) { return elements }
            guard take(UInt8(ascii: ",")) else { throw failure("a comma or ] must follow an element") }
        }
    }
}
