import DockerPort

/// The progress and the result of a pull, derived from the lines of the answer.
struct PullTracker: Equatable {
    /// The progress of a layer.
    private struct Layer: Equatable {
        var done: Int64 = 0
        var total: Int64 = 0
        var isComplete = false
        var isExtracting = false
    }

    /// The largest number of layers to track. Images have at most 127 layers.
    private static let maximumLayers = 1_024

    /// The first failure in the lines.
    private(set) var failure: String?
    /// Whether the final line has come. Without the final line the pull broke off.
    private(set) var isEnded = false
    private var layers: [String: Layer] = [:]
    private let reference: String

    init(reference: String) { self.reference = reference }

    /// Whether Docker unpacks layers and has finished all downloads.
    var isExtracting: Bool {
        layers.values.contains(where: \.isExtracting)
            && layers.values.allSatisfy { $0.isExtracting || $0.isComplete || $0.total > 0 && $0.done >= $0.total }
    }

    /// The progress of the whole pull.
    var progress: PullProgress {
        PullProgress(
            reference: reference,
            layers: layers.count,
            layersDone: layers.values.count(where: \.isComplete),
            bytesDone: Self.sum(layers.values.map(\.done)),
            bytesTotal: Self.sum(layers.values.map(\.total))
        )
    }

    /// Returns the sum, at most `Int64.max`. Registries can claim any sizes.
    private static func sum(_ sizes: [Int64]) -> Int64 {
        sizes.reduce(0) { sum, size in
            let (result, overflow) = sum.addingReportingOverflow(size)
            return overflow ? .max : result
        }
    }

    /// Reads a line. Returns whether the progress changed.
    mutating func read(_ line: PullLine) -> Bool {
        if let text = line.failure {
            failure = failure ?? text
            return false
        }
        if let status = line.status, line.id == nil, status.hasPrefix("Status: ") { isEnded = true }
        // The line with the tag also has an id, but is no layer.
        guard let id = line.id, let status = line.status, !status.hasPrefix("Pulling from") else { return false }
        guard layers[id] != nil || layers.count < Self.maximumLayers else { return false }
        let before = layers[id]
        var layer = before ?? Layer()
        layer.isExtracting = status == "Extracting"
        switch status {
        case "Downloading":
            layer.done = max(line.progressDetail?.current ?? layer.done, 0)
            layer.total = max(line.progressDetail?.total ?? layer.total, layer.done)
        case "Download complete", "Verifying Checksum":
            layer.done = max(layer.done, layer.total)
        case "Pull complete", "Already exists":
            layer.done = layer.total
            layer.isComplete = true
        default:
            break
        }
        layers[id] = layer
        return layer != before
    }
}

/// The deadlines for the next line of a pull, and for the pull as a whole.
struct PullClock: Equatable {
    /// The kind of the next deadline.
    enum Limit: Equatable {
        case firstByte, inactivity, total
    }

    private let begun: ContinuousClock.Instant
    private let deadlines: DockerEngine.Deadlines
    private var lastSeen: ContinuousClock.Instant?
    private var isExtracting = false

    init(begun: ContinuousClock.Instant, deadlines: DockerEngine.Deadlines) {
        self.begun = begun
        self.deadlines = deadlines
    }

    /// Records received data.
    mutating func seen(at now: ContinuousClock.Instant, isExtracting: Bool) {
        lastSeen = now
        self.isExtracting = isExtracting
    }

    /// The next deadline and its kind.
    var next: (at: ContinuousClock.Instant, limit: Limit) {
        let end = begun.advanced(by: deadlines.pullTotal)
        let silence: (ContinuousClock.Instant, Limit)
        if let lastSeen {
            let patience = isExtracting ? deadlines.pullExtracting : deadlines.pullInactivity
            silence = (lastSeen.advanced(by: patience), .inactivity)
        } else {
            silence = (begun.advanced(by: deadlines.pullFirstByte), .firstByte)
        }
        return silence.0 < end ? silence : (end, .total)
    }
}
