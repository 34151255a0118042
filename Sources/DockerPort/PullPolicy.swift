/// The rule for pulling an image before a start.
package enum PullPolicy: String, Sendable, CaseIterable, CustomStringConvertible {
    /// Pull only if the image is absent from the Docker Engine.
    case ifMissing = "if_missing"
    /// Pull before every start.
    case always
    /// Never pull. The start fails if the image is absent.
    case never

    /// Returns whether `name` is a known policy.
    package static func isKnown(_ name: String) -> Bool { PullPolicy(rawValue: name) != nil }

    package var description: String { rawValue }
}

/// The progress of a pull.
package struct PullProgress: Sendable, Equatable {
    /// The pulled image.
    package var reference: String
    /// Number of the image's layers reported by the registry so far.
    package var layers: Int
    /// Number of complete layers.
    package var layersDone: Int
    /// Received bytes of the layers in download.
    package var bytesDone: Int64
    /// Total bytes of the layers in download, as far as the registry reported the sizes.
    package var bytesTotal: Int64

    package init(reference: String, layers: Int = 0, layersDone: Int = 0, bytesDone: Int64 = 0, bytesTotal: Int64 = 0) {
        self.reference = reference
        self.layers = layers
        self.layersDone = layersDone
        self.bytesDone = bytesDone
        self.bytesTotal = bytesTotal
    }
}
