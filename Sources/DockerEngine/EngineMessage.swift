#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The body of an answer that is no success: `{"message": "…"}`, or plain text from what stands before the API.
enum EngineMessage {
    private struct Body: Decodable {
        var message: String
    }

    /// The Engine's own words.
    static func text(of body: String) -> String {
        let decoded = try? JSONDecoder().decode(Body.self, from: Data(body.utf8))
        return (decoded?.message ?? body).trimmed
    }
}

extension String {
    /// Without white space at both ends.
    var trimmed: String {
        let start = firstIndex { !$0.isWhitespace } ?? endIndex
        let end = lastIndex { !$0.isWhitespace }.map { index(after: $0) } ?? start
        return String(self[start..<end])
    }
}
