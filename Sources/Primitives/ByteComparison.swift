extension StringProtocol {
    /// Whether two texts are the same bytes of UTF-8. `==` also holds for texts that only look the same.
    package func isSameBytes(as other: some StringProtocol) -> Bool { utf8.elementsEqual(other.utf8) }

    /// Whether the bytes of this text come before those of the other.
    package func precedes(_ other: some StringProtocol) -> Bool { utf8.lexicographicallyPrecedes(other.utf8) }

    /// Whether the bytes of this text begin with those of the other. `hasPrefix` compares characters: to it, `a.` with a
    /// combining mark behind it does not begin with `a.`.
    package func startsWithBytes(of other: some StringProtocol) -> Bool { utf8.starts(with: other.utf8) }
}

extension String {
    /// Whether the bytes of this text come before those of the other. Faster than the generic function, in a debug build too.
    package func precedes(_ other: String) -> Bool {
        let comesFirst = utf8.withContiguousStorageIfAvailable { own in
            other.utf8.withContiguousStorageIfAvailable { own.lexicographicallyPrecedes($0) }
        }
        return (comesFirst ?? nil) ?? utf8.lexicographicallyPrecedes(other.utf8)
    }

    /// Whether two texts are the same bytes of UTF-8. As fast as `==`, because whole words are compared.
    package func isSameBytes(as other: String) -> Bool {
        guard utf8.count == other.utf8.count else { return false }
        let isSame = utf8.withContiguousStorageIfAvailable { own in
            other.utf8.withContiguousStorageIfAvailable {
                UnsafeRawBufferPointer(own).hasSameWords(as: UnsafeRawBufferPointer($0))
            }
        }
        return (isSame ?? nil) ?? utf8.elementsEqual(other.utf8)
    }
}

extension UnsafeRawBufferPointer {
    /// Whether the bytes are the same as those of a buffer of the same length.
    fileprivate func hasSameWords(as other: UnsafeRawBufferPointer) -> Bool {
        func isSame(at offset: Int) -> Bool {
            loadUnaligned(fromByteOffset: offset, as: UInt64.self)
                == other.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
        }
        guard count >= 8 else { return elementsEqual(other) }
        // The last word overlaps the word before it, so that no bytes are left over.
        return stride(from: 0, to: count - 8, by: 8).allSatisfy(isSame) && isSame(at: count - 8)
    }
}
