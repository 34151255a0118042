import Testing

/// What a deployment does, seen from outside. Each suite has images, a network and names of its own, and each test
/// Redis servers and workers of its own, so that they can run beside each other.
@Suite("A deployment")
enum Deployment {}
