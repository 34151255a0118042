extension StringProtocol {
    /// Whether two texts are the same bytes of UTF-8. `==` also holds for texts that only look the same.
    package func isSameBytes(as other: some StringProtocol) -> Bool { utf8.elementsEqual(other.utf8) }

    /// Whether the bytes of this text come before those of the other.
    package func precedes(_ other: some StringProtocol) -> Bool { utf8.lexicographicallyPrecedes(other.utf8) }

    /// Whether the bytes of this text begin with those of the other. `hasPrefix` compares characters: to it, `a.` with a
    /// combining mark behind it does not begin with `a.`.
    package func startsWithBytes(of other: some StringProtocol) -> Bool { utf8.starts(with: other.utf8) }
}
