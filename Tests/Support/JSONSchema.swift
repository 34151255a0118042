import Foundation

/// A JSON value as tests read it.
package indirect enum TestJSON: Sendable, Equatable, Decodable {
    case null
    case boolean(Bool)
    case number(Double)
    case string(String)
    case array([TestJSON])
    case object([String: TestJSON])

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .boolean(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else if let value = try? container.decode(String.self) {
            self = .string(value)
        } else if let value = try? container.decode([TestJSON].self) {
            self = .array(value)
        } else {
            self = .object(try container.decode([String: TestJSON].self))
        }
    }

    package init(text: some DataProtocol) throws { self = try JSONDecoder().decode(TestJSON.self, from: Data(text)) }

    /// Fields of a stream's entry.
    package init(fields: [String: String]) { self = .object(fields.mapValues { .string($0) }) }

    package subscript(name: String) -> TestJSON? {
        if case .object(let members) = self { members[name] } else { nil }
    }

    /// The first element of an array.
    package var first: TestJSON? {
        if case .array(let elements) = self { elements.first } else { nil }
    }

    package var elements: [TestJSON] {
        if case .array(let elements) = self { elements } else { [] }
    }

    package var string: String? {
        if case .string(let text) = self { text } else { nil }
    }

    package var members: [String: TestJSON] {
        if case .object(let members) = self { members } else { [:] }
    }
}

/// A JSON Schema (2020-12), as far as the contract's schemas use it. A keyword that is not known here is an error: one
/// that is passed over would check nothing.
package struct JSONSchema: Sendable {
    private let root: TestJSON

    package init(_ schema: TestJSON) throws {
        root = schema
        try Self.requireKnown(schema, at: "")
    }

    private static let annotations: Set = ["$schema", "$id", "title", "description", "default", "examples"]
    private static let nested: Set = ["if", "then", "else", "not", "items", "propertyNames", "additionalProperties"]
    private static let lists: Set = ["allOf", "anyOf", "oneOf"]
    private static let checks: Set = [
        "type", "const", "enum", "pattern", "minLength", "maxLength", "minimum", "maximum", "exclusiveMinimum",
        "required", "maxProperties", "maxItems",
    ]

    private static func requireKnown(_ schema: TestJSON, at path: String) throws {
        guard case .object(let members) = schema else { return }
        for (keyword, value) in members {
            let here = "\(path)/\(keyword)"
            if keyword == "properties" {
                for (name, property) in value.members { try requireKnown(property, at: "\(here)/\(name)") }
            } else if nested.contains(keyword) {
                try requireKnown(value, at: here)
            } else if lists.contains(keyword), case .array(let schemas) = value {
                for schema in schemas { try requireKnown(schema, at: here) }
            } else if !annotations.contains(keyword), !checks.contains(keyword) {
                throw Overdue("the validator of the tests does not know \(here)")
            }
        }
    }

    /// What is wrong with `value`; empty: nothing.
    package func problems(of value: TestJSON) -> [String] { Self.problems(root, value, "") }

    private static func problems(_ schema: TestJSON, _ value: TestJSON, _ path: String) -> [String] {
        if schema == .boolean(false) { return ["\(path) must not be there"] }
        guard case .object(let keywords) = schema else { return [] }
        var problems: [String] = []
        for (keyword, rule) in keywords where checks.contains(keyword) {
            if !holds(keyword, rule, value) { problems.append("\(path) breaks \(keyword) \(rule)") }
        }
        problems += objectProblems(keywords, value, path)
        if let items = keywords["items"], case .array(let elements) = value {
            problems += elements.enumerated().flatMap { Self.problems(items, $1, "\(path)[\($0)]") }
        }
        return problems + combinedProblems(keywords, value, path)
    }

    private static func objectProblems(
        _ keywords: [String: TestJSON],
        _ value: TestJSON,
        _ path: String
    ) -> [String] {
        guard case .object(let members) = value else { return [] }
        let properties = keywords["properties"]?.members ?? [:]
        return members.flatMap { name, member in
            var found: [String] = []
            if let names = keywords["propertyNames"] { found += problems(names, .string(name), "\(path) name \(name)") }
            let rule = properties[name] ?? keywords["additionalProperties"]
            return found + (rule.map { problems($0, member, "\(path).\(name)") } ?? [])
        }
    }

    private static func combinedProblems(
        _ keywords: [String: TestJSON],
        _ value: TestJSON,
        _ path: String
    ) -> [String] {
        var found: [String] = []
        func schemas(_ keyword: String) -> [TestJSON]? {
            if case .array(let schemas)? = keywords[keyword] { schemas } else { nil }
        }
        found += (schemas("allOf") ?? []).flatMap { problems($0, value, path) }
        if let choices = schemas("anyOf") {
            let attempts = choices.map { problems($0, value, path) }
            if !attempts.contains(where: \.isEmpty) { found += attempts.last ?? [] }
        }
        if let choices = schemas("oneOf"), choices.count(where: { problems($0, value, path).isEmpty }) != 1 {
            found.append("\(path) must be exactly one of several")
        }
        if let schema = keywords["not"], problems(schema, value, path).isEmpty {
            found.append("\(path) must not be so")
        }
        if let condition = keywords["if"] {
            let branch = problems(condition, value, path).isEmpty ? keywords["then"] : keywords["else"]
            found += branch.map { problems($0, value, path) } ?? []
        }
        return found
    }

    private static func holds(_ keyword: String, _ rule: TestJSON, _ value: TestJSON) -> Bool {
        switch (keyword, rule, value) {
        case ("type", .string(let type), _): return isOf(type, value)
        case ("const", _, _): return rule == value
        case ("enum", .array(let values), _): return values.contains(value)
        case ("pattern", .string(let pattern), .string(let text)):
            return text.range(of: pattern, options: .regularExpression) != nil
        case ("minLength", .number(let least), .string(let text)):
            return text.unicodeScalars.count >= Int(least)
        case ("maxLength", .number(let most), .string(let text)): return text.unicodeScalars.count <= Int(most)
        case ("minimum", .number(let least), .number(let number)): return number >= least
        case ("maximum", .number(let most), .number(let number)): return number <= most
        case ("exclusiveMinimum", .number(let bound), .number(let number)): return number > bound
        case ("maxProperties", .number(let most), .object(let members)): return members.count <= Int(most)
        case ("maxItems", .number(let most), .array(let elements)): return elements.count <= Int(most)
        case ("required", .array(let names), .object(let members)):
            return names.allSatisfy { members[$0.string ?? ""] != nil }
        default: return true
        }
    }

    private static func isOf(_ type: String, _ value: TestJSON) -> Bool {
        switch value {
        case .null: type == "null"
        case .boolean: type == "boolean"
        case .number(let number): type == "number" || type == "integer" && number == number.rounded()
        case .string: type == "string"
        case .array: type == "array"
        case .object: type == "object"
        }
    }
}
