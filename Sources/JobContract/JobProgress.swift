/// How far a running job has come, for whoever waits for it. It stands in a field of the job's hash while the job
/// runs; a job that is done within the first half second shows none.
package struct JobProgress: Sendable, Equatable {
    /// What the worker is at.
    package enum Step: String, Sendable, CaseIterable {
        case pulling
        /// The container is being created and started.
        case starting
        /// The container runs, and its engine does not answer yet.
        case waitingForReady = "waiting_for_ready"
        case stopping
    }

    /// Name of the field in the hash of the job.
    package static let field = "_progress"

    package var step: Step
    /// Layers that the image has, as far as the registry has told; 0 unless it is pulled.
    package var layers: Int
    /// Layers that are complete.
    package var layersDone: Int
    /// Bytes of the layers that are being downloaded, as far as told.
    package var bytesTotal: Int64
    /// Bytes received of them.
    package var bytesDone: Int64

    package init(_ step: Step, layersDone: Int = 0, layers: Int = 0, bytesDone: Int64 = 0, bytesTotal: Int64 = 0) {
        self.step = step
        self.layers = layers
        self.layersDone = layersDone
        self.bytesTotal = bytesTotal
        self.bytesDone = bytesDone
    }

    /// The field's text: the step, layers done and in all, bytes done and in all, with a space between them.
    package var encoded: String { "\(step.rawValue) \(layersDone) \(layers) \(bytesDone) \(bytesTotal)" }

    /// Reads a field's text; nil where it says something that this version does not know.
    package init?(encoded: String) {
        let words = encoded.split(separator: " ", omittingEmptySubsequences: false)
        guard words.count == 5, let step = Step(rawValue: String(words[0])), let layersDone = Int(words[1]),
            let layers = Int(words[2]), let bytesDone = Int64(words[3]), let bytesTotal = Int64(words[4])
        else { return nil }
        self.init(step, layersDone: layersDone, layers: layers, bytesDone: bytesDone, bytesTotal: bytesTotal)
    }
}
