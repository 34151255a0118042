import Primitives

/// Typed reads of one field.
extension JobFields {
    func refusal(_ name: String, _ sentence: String) -> Refusal { .field(path + name, sentence) }

    func text(
        _ name: String,
        _ rule: String,
        _ holds: (String) -> Bool = { _ in true }
    ) throws(Refusal) -> String {
        guard let text = try optionalText(name, rule, holds) else { throw refusal(name, "is missing; \(rule)") }
        return text
    }

    func optionalText(
        _ name: String,
        _ rule: String,
        _ holds: (String) -> Bool = { _ in true }
    ) throws(Refusal) -> String? {
        switch fields.value(name) {
        case nil: return nil
        case .string(let text) where holds(text): return text
        case .string: throw refusal(name, rule)
        case .some(let other): throw refusal(name, "must be a string, not \(other.typeName)")
        }
    }

    func integer(_ name: String, _ range: ClosedRange<Int>) throws(Refusal) -> Int? {
        switch fields.value(name) {
        case nil: return nil
        case .integer(let integer) where range.contains(Int(integer)): return Int(integer)
        default: throw refusal(name, "must be a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
    }

    func boolean(_ name: String) throws(Refusal) -> Bool? {
        switch fields.value(name) {
        case nil: return nil
        case .bool(let value): return value
        default: throw refusal(name, "must be true or false")
        }
    }

    func instant(_ name: String) throws(Refusal) -> Timestamp? {
        guard let text = try optionalText(name, "must be an RFC 3339 date and time") else { return nil }
        guard let instant = Timestamp(rfc3339: text) else {
            throw refusal(name, "must be an RFC 3339 date and time such as 2026-05-04T03:02:01Z")
        }
        return instant
    }

    func array(_ name: String, atMost limit: Int) throws(Refusal) -> [JSONValue]? {
        switch fields.value(name) {
        case nil: return nil
        case .array(let elements) where elements.count <= limit: return elements
        case .array(let elements): throw refusal(name, "has \(elements.count) elements; at most \(limit) are taken")
        case .some(let other): throw refusal(name, "must be an array, not \(other.typeName)")
        }
    }

    /// Returns the members of an object of strings, after calling `check` for each member.
    func strings(
        _ name: String,
        atMost limit: Int,
        check: (String, String) throws(Refusal) -> Void
    ) throws(Refusal) -> [LabelMap.Element]? {
        let members: [JSONValue.Member]
        switch fields.value(name) {
        case nil: return nil
        case .object(let found): members = found
        case .some(let other): throw refusal(name, "must be an object of strings, not \(other.typeName)")
        }
        guard members.count <= limit else {
            throw refusal(name, "has \(members.count) members; at most \(limit) are taken")
        }
        var strings: [LabelMap.Element] = []
        for member in members {
            guard case .string(let value) = member.value else {
                throw refusal(
                    "\(name).\(member.name.cut(toBytes: 64))",
                    "must be a string, not \(member.value.typeName)"
                )
            }
            try check(member.name, value)
            strings.append((key: member.name, value: value))
        }
        return strings
    }

    /// Returns a nested object. Unknown fields are refused, because a misspelt limit would mean no limit.
    func object(_ name: String, allowing names: Set<String>) throws(Refusal) -> JobFields? {
        switch fields.value(name) {
        case nil: return nil
        case .object(let members):
            let nested = JobFields(Fields(members), path: path + name + ".")
            try nested.allow(names)
            return nested
        case .some(let other): throw refusal(name, "must be an object, not \(other.typeName)")
        }
    }

    func allow(_ names: Set<String>) throws(Refusal) {
        if let unknown = fields.members.first(where: { !names.contains($0.name) }) {
            throw refusal(
                unknown.name.cut(toBytes: 64),
                "is unknown here; known are \(names.sorted().joined(separator: ", "))"
            )
        }
    }
}
