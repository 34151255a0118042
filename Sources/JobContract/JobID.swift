public import Primitives

/// The id of a job, chosen by its producer. The contract has the syntax.
///
/// A message without a usable id ends under an id that the decoder makes of the message's SHA-1: `invalid:…`.
public struct JobID: TextID {
    public let text: String

    public init(_ text: String) { self.text = text }
    public init(stringLiteral text: String) { self.text = text }
}
