public import Primitives

/// The id of a game: of one workload. The contract has the syntax.
///
/// The game's container, its hostname and its state folder have their names from this id.
public struct GameID: TextID {
    public let text: String

    public init(_ text: String) { self.text = text }
    public init(stringLiteral text: String) { self.text = text }
}
