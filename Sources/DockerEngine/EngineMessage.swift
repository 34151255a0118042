#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The body of an answer that is no success.
struct EngineMessage: Equatable {
    private struct Body: Decodable {
        var message: String
    }

    /// Words of the answer, without white space at both ends.
    let text: String
    /// Whether the Engine itself wrote them, in the form of its API: `{"message": "…"}`. Anything else may come from what
    /// stands before the API, such as a proxy.
    let isOfEngine: Bool

    init(_ body: String) {
        let decoded = try? JSONDecoder().decode(Body.self, from: Data(body.utf8))
        text = (decoded?.message ?? body).trimmed
        // The Engine refuses a version of its API in plain text.
        isOfEngine = decoded != nil || text.hasPrefix(Self.versionRefusal)
    }

    /// Whether the Engine refuses the version of the API that it was asked in.
    var refusesVersion: Bool { text.hasPrefix(Self.versionRefusal) }

    private static let versionRefusal = "client version "
}

extension String {
    /// Without white space at both ends.
    var trimmed: String {
        let start = firstIndex { !$0.isWhitespace } ?? endIndex
        let end = lastIndex { !$0.isWhitespace }.map { index(after: $0) } ?? start
        return String(self[start..<end])
    }
}
