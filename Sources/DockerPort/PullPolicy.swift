/// When an image is pulled.
package enum PullPolicy: String, Sendable, CaseIterable, CustomStringConvertible {
    /// Pulled only where it is absent from the Engine.
    case ifMissing = "if_missing"
    /// Pulled on every start.
    case always
    /// Never pulled: the start fails where the image is absent.
    case never

    /// Whether `name` is one of the three policies.
    package static func isKnown(_ name: String) -> Bool { PullPolicy(rawValue: name) != nil }

    package var description: String { rawValue }
}

/// How far a pull has come.
package struct PullProgress: Sendable, Equatable {
    /// The image that is pulled.
    package var reference: String
    /// Layers that the image has, as far as the registry has told.
    package var layers: Int
    /// Layers that are complete.
    package var layersDone: Int
    /// Bytes received of the layers that are being downloaded.
    package var bytesDone: Int64
    /// Bytes of those layers in all, as far as told.
    package var bytesTotal: Int64

    package init(reference: String, layers: Int = 0, layersDone: Int = 0, bytesDone: Int64 = 0, bytesTotal: Int64 = 0) {
        self.reference = reference
        self.layers = layers
        self.layersDone = layersDone
        self.bytesDone = bytesDone
        self.bytesTotal = bytesTotal
    }
}
