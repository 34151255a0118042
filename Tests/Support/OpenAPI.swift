import Foundation

/// The description of the console's data, `docs/reference/openapi.json`.
package struct OpenAPI: Sendable {
    private let document: TestJSON

    package init() throws {
        let file = ContractSchemas.root.appending(path: "docs/reference/openapi.json")
        document = try TestJSON(text: try Data(contentsOf: file))
    }

    /// The paths with their parameters in braces.
    package var paths: [String] { (document["paths"]?.members ?? [:]).keys.sorted() }

    /// What is wrong with the answer to a request; empty: nothing.
    package func problems(_ answer: String, to path: String, status: Int = 200) throws -> [String] {
        let plain = path.split(separator: "?")[0]
        guard let described = paths.first(where: { Self.matches($0, plain) }) else {
            return ["\(path) is not described"]
        }
        let schema = document["paths"]?[described]?["get"]?["responses"]?["\(status)"]?["content"]?[
            "application/json"
        ]?[
            "schema"
        ]
        guard let schema else { return ["\(described) has no schema for \(status)"] }
        return try JSONSchema(resolved(schema)).problems(of: TestJSON(text: Data(answer.utf8)))
    }

    private static func matches(_ described: String, _ path: Substring) -> Bool {
        let (wanted, given) = (described.split(separator: "/"), path.split(separator: "/"))
        return wanted.count == given.count && zip(wanted, given).allSatisfy { $0 == $1 || $0.hasPrefix("{") }
    }

    /// Replaces references to components by what they refer to.
    private func resolved(_ schema: TestJSON) -> TestJSON {
        switch schema {
        case .object(let members):
            if let name = members["$ref"]?.string?.split(separator: "/").last {
                return resolved(document["components"]?["schemas"]?[String(name)] ?? .null)
            }
            return .object(members.mapValues(resolved))
        case .array(let elements): return .array(elements.map(resolved))
        default: return schema
        }
    }
}
