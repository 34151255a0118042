import Testing

/// What a deployment does, seen from outside. One after the other: many of these tests have deadlines, and they
/// would measure each other.
@Suite("A deployment", .serialized)
enum Deployment {}
