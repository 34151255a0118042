import JobContract
import Terminal

/// Texts for the progress of a running job.
package enum ProgressText {
    /// Returns a phrase such as `pulling 3/8 layers, 12.0 MB of 50.0 MB`; nil: there is no progress to show.
    package static func phrase(_ encoded: String?) -> String? {
        encoded.flatMap(JobProgress.init(encoded:)).map(phrase)
    }

    package static func phrase(_ progress: JobProgress) -> String {
        switch progress.step {
        case .pulling: "pulling" + amount(progress)
        case .starting: "creating and starting the container"
        case .waitingForReady: "waiting until the engine answers"
        case .stopping: "stopping the container"
        }
    }

    private static func amount(_ progress: JobProgress) -> String {
        guard progress.layers > 0 else { return "" }
        let layers = " \(progress.layersDone)/\(progress.layers) layers"
        guard progress.bytesTotal > 0 else { return layers }
        return "\(layers), \(ShortSize.text(progress.bytesDone)) of \(ShortSize.text(progress.bytesTotal))"
    }

    /// Returns a bar such as `[=====>    ]`, `width` characters long; nil: the whole amount is unknown.
    package static func bar(_ progress: JobProgress, width: Int) -> String? {
        guard progress.step == .pulling, progress.layers > 0, width >= 5 else { return nil }
        let inner = width - 2
        let filled = Int(Double(inner) * fraction(progress))
        let head = filled < inner ? ">" : ""
        let rest = String(repeating: " ", count: max(0, inner - filled - head.count))
        return "[" + String(repeating: "=", count: filled) + head + rest + "]"
    }

    /// Returns the finished fraction of a pull, from 0 to 1. Finished layers count in full; the other layers by their
    /// bytes.
    package static func fraction(_ progress: JobProgress) -> Double {
        guard progress.layers > 0 else { return 0 }
        let bytes = progress.bytesTotal > 0 ? Double(progress.bytesDone) / Double(progress.bytesTotal) : 0
        let coming = Double(max(0, progress.layers - progress.layersDone))
        return min(1, max(0, (Double(progress.layersDone) + coming * min(1, bytes)) / Double(progress.layers)))
    }
}
