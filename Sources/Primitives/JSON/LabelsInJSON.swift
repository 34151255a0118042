/// Labels as a member of a value that Foundation's encoder writes.
///
/// That encoder keeps the members of an object in a dictionary by `String`, where two labels whose names only look the same
/// are one. So it writes an empty object, whose place ``filled(_:named:)`` gives to the labels.
package struct LabelsInJSON: Encodable, Equatable {
    package var labels: LabelMap

    package init(_ labels: LabelMap) { self.labels = labels }

    private enum NoKeys: CodingKey {}

    package func encode(to encoder: any Encoder) throws {
        _ = encoder.container(keyedBy: NoKeys.self)
    }

    /// Returns the encoder's text with the labels in it.
    ///
    /// - Parameters:
    ///   - text: written without spaces. No string in it can look like the member, since quotation marks are escaped there.
    ///   - name: of the member; no other empty object in the text has this name.
    package func filled(_ text: String, named name: String) -> String {
        let member = JSONText.string(name) + ":"
        let empty = Array((member + "{}").utf8)
        let bytes = Array(text.utf8)
        guard let start = bytes.indices.first(where: { bytes[$0...].starts(with: empty) }) else { return text }
        let before = String(decoding: bytes[..<start], as: UTF8.self)
        return before + member + labels.json + String(decoding: bytes[(start + empty.count)...], as: UTF8.self)
    }
}
