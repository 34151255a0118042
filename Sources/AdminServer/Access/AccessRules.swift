#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// What a caller of the server may do.
package enum Access: Int, Sendable, Equatable {
    case read
    /// Read, and act on games, jobs, queues and nodes.
    case act
}

/// Who may do what on the server, by the settings.
package struct AccessRules: Sendable, Equatable {
    /// The token of all requests but those to `/healthz`; nil: no request needs one.
    package var token: String?
    /// A second token, whose callers only read.
    package var readToken: String?
    /// Whether the console has actions.
    package var allowsActions = false
    /// The header with the name of the person, set by an authenticating proxy in front of the server.
    package var userHeader: String?

    package init(
        token: String? = nil,
        readToken: String? = nil,
        allowsActions: Bool = false,
        userHeader: String? = nil
    ) {
        self.token = token
        self.readToken = readToken
        self.allowsActions = allowsActions
        self.userHeader = userHeader
    }

    /// What a caller without a token may do; nil: nothing.
    var withoutToken: Access? { token == nil ? mostAccess : nil }

    /// Returns what a caller with this token may do; nil: nothing.
    func access(with given: String) -> Access? {
        // Both comparisons run, so that the time tells nothing about either token.
        let isToken = token.map { Self.areEqual($0.utf8, given.utf8) } ?? false
        let isReadToken = readToken.map { Self.areEqual($0.utf8, given.utf8) } ?? false
        return isToken ? mostAccess : isReadToken ? .read : nil
    }

    private var mostAccess: Access { allowsActions ? .act : .read }

    /// Returns whether two texts are equal. The comparison takes the same time for all texts of the same length, so the
    /// time reveals no part of a secret.
    static func areEqual(_ given: some Collection<UInt8>, _ expected: some Collection<UInt8>) -> Bool {
        guard given.count == expected.count else { return false }
        return zip(given, expected).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }
}

/// The content of an `Authorization` header.
struct Credentials: Equatable {
    /// The name of a person; empty: none was given.
    var name = ""
    var token: String

    /// Returns nil if the header has neither the form `Bearer TOKEN` (RFC 6750) nor `Basic BASE64` (RFC 7617).
    init?(header: String) {
        let parts = header.split(separator: " ", maxSplits: 1)
        guard parts.count == 2 else { return nil }
        switch parts[0].lowercased() {
        case "bearer":
            token = String(parts[1])
        case "basic":
            guard let bytes = Data(base64Encoded: String(parts[1])),
                let text = String(validating: bytes, as: UTF8.self),
                let colon = text.firstIndex(of: ":")
            else { return nil }
            name = String(text[..<colon])
            token = String(text[text.index(after: colon)...])
        default:
            return nil
        }
    }
}
