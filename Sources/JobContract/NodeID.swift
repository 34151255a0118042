public import Primitives

/// The id of a node: of one Docker Engine, whose workers share its containers. Usually the Docker Engine's own id.
public struct NodeID: TextID {
    public let text: String

    public init(_ text: String) { self.text = text }
    public init(stringLiteral text: String) { self.text = text }
}
