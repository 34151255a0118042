import Primitives

/// The number of a lease, which proves the lease to Redis. Each claim gives a new token.
package struct LeaseToken: TextID {
    package let text: String

    package init(_ text: String) { self.text = text }
    package init(stringLiteral text: String) { self.text = text }
}
