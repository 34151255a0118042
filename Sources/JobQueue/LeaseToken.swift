import Primitives

/// The number of a lease, which proves the lease to Redis. Each claim gives a new token.
package struct LeaseToken: TextID {
    package let text: String

    package init(_ text: String) { self.text = text }
    package init(stringLiteral text: String) { self.text = text }

    /// The number of the claim, which grows with each claim; 0 if the token has none.
    package var fence: Int64 { text.split(separator: "-").first.flatMap { Int64($0) } ?? 0 }
}
