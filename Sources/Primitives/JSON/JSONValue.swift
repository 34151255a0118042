/// A JSON value, as the strict reader returns it. Members keep their order.
package enum JSONValue: Sendable, Equatable {
    case null
    case bool(Bool)
    /// A number without a fraction and without an exponent.
    case integer(Int64)
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object([Member])

    package struct Member: Sendable, Equatable {
        package let name: String
        package let value: JSONValue

        package init(name: String, value: JSONValue) {
            self.name = name
            self.value = value
        }
    }

    /// The type of the value, in the words of an error message.
    package var typeName: String {
        switch self {
        case .null: "null"
        case .bool: "a boolean"
        case .integer, .number: "a number"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }
}

/// The reason for refusing bytes as JSON text.
package struct JSONError: Error, Equatable, CustomStringConvertible {
    package let reason: String
    /// The byte offset at which reading stopped.
    package let offset: Int

    package init(reason: String, offset: Int) {
        self.reason = reason
        self.offset = offset
    }

    package var description: String { "\(reason) at byte \(offset)" }
}

/// A set of member names, for the members that a reader needs.
package struct JSONNames: Sendable {
    /// The names in bytes, indexed by their length.
    private let byLength: [[[UInt8]]]

    package init(_ names: [String]) {
        var byLength: [[[UInt8]]] = []
        for name in names.map({ Array($0.utf8) }) {
            while byLength.count <= name.count { byLength.append([]) }
            byLength[name.count].append(name)
        }
        self.byLength = byLength
    }

    func contains(_ name: UnsafeBufferPointer<UInt8>) -> Bool {
        name.count < byLength.count && byLength[name.count].contains { $0.elementsEqual(name) }
    }
}
