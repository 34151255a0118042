/// The progress of a running job, for anyone who waits for the job.
///
/// The job's hash has the progress in a field while the job runs. A job that ends within half a second shows no
/// progress.
package struct JobProgress: Sendable, Equatable {
    /// The current step of the worker.
    package enum Step: String, Sendable, CaseIterable {
        case pulling
        /// The worker creates and starts the container.
        case starting
        /// The container runs, but its game engine does not answer yet.
        case waitingForReady = "waiting_for_ready"
        case stopping
    }

    /// The name of the field in the job's hash.
    package static let field = "_progress"

    package var step: Step
    /// The number of the image's layers, as far as the registry has reported; 0 unless the worker pulls the image.
    package var layers: Int
    /// The number of complete layers.
    package var layersDone: Int
    /// The size of the layers in download, in bytes, as far as reported.
    package var bytesTotal: Int64
    /// The number of received bytes of these layers.
    package var bytesDone: Int64

    package init(_ step: Step, layersDone: Int = 0, layers: Int = 0, bytesDone: Int64 = 0, bytesTotal: Int64 = 0) {
        self.step = step
        self.layers = layers
        self.layersDone = layersDone
        self.bytesTotal = bytesTotal
        self.bytesDone = bytesDone
    }

    /// The text of the field: step, complete layers, all layers, received bytes and all bytes, separated by spaces.
    package var encoded: String { "\(step.rawValue) \(layersDone) \(layers) \(bytesDone) \(bytesTotal)" }

    /// Reads the text of a field; nil if this version does not know the text.
    package init?(encoded: String) {
        let words = encoded.split(separator: " ", omittingEmptySubsequences: false)
        guard words.count == 5, let step = Step(rawValue: String(words[0])), let layersDone = Int(words[1]),
            let layers = Int(words[2]), let bytesDone = Int64(words[3]), let bytesTotal = Int64(words[4])
        else { return nil }
        self.init(step, layersDone: layersDone, layers: layers, bytesDone: bytesDone, bytesTotal: bytesTotal)
    }
}
