#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The body of an answer with an error status.
struct EngineMessage: Equatable {
    private struct Body: Decodable {
        var message: String
    }

    /// The text of the answer, without white space at both ends.
    let text: String
    /// Whether the text comes from the Docker Engine, in the form of its API: `{"message": "…"}`. Any other text may
    /// come from a proxy in front of the API.
    let isOfEngine: Bool

    init(_ body: String) {
        let decoded = try? JSONDecoder().decode(Body.self, from: Data(body.utf8))
        text = (decoded?.message ?? body).trimmed
        // The Docker Engine refuses an API version in plain text, not in JSON.
        isOfEngine = decoded != nil || text.hasPrefix(Self.versionRefusal)
    }

    /// Whether the Docker Engine refuses the API version of the request.
    var refusesVersion: Bool { text.hasPrefix(Self.versionRefusal) }

    /// The oldest API version of a Docker Engine that refuses the request's version as too old; nil: another message.
    var oldestVersion: APIVersion? {
        guard refusesVersion, let part = text.split(separator: Self.oldestIs).dropFirst().first else { return nil }
        return APIVersion(part.prefix { $0 == "." || $0.isNumber })
    }

    private static let versionRefusal = "client version "
    private static let oldestIs = "Minimum supported API version is "
}

extension String {
    /// The string without white space at both ends.
    var trimmed: String {
        let start = firstIndex { !$0.isWhitespace } ?? endIndex
        let end = lastIndex { !$0.isWhitespace }.map { index(after: $0) } ?? start
        return String(self[start..<end])
    }
}
