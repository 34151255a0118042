/// The full id of a container: 64 hex digits. Docker gives no id twice.
public struct ContainerID: TextID {
    public let text: String

    public init(_ text: String) { self.text = text }
    public init(stringLiteral text: String) { self.text = text }
}

extension ContainerID {
    /// The beginning of the id, for people: 12 characters, as in Docker's own lists.
    package var short: String { String(text.prefix(12)) }
}
