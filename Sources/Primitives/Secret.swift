/// The bytes of a secret. They appear in no description and in no reflection.
package struct Secret: Sendable, CustomStringConvertible, CustomReflectable {
    package let bytes: [UInt8]

    package init(_ bytes: some Sequence<UInt8>) { self.bytes = Array(bytes) }

    package var description: String { "a secret of \(bytes.count) bytes" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
