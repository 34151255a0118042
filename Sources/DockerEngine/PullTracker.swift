import DockerPort

/// What the lines of a pull say: how far it is, and whether it failed.
struct PullTracker: Equatable {
    /// How far one layer has come.
    private struct Layer: Equatable {
        var done: Int64 = 0
        var total: Int64 = 0
        var isComplete = false
        var isExtracting = false
    }

    /// Most layers that are told apart; images have 127 at most.
    private static let maximumLayers = 1_024

    /// The first failure that a line told.
    private(set) var failure: String?
    /// Whether a line told how the pull ended; without one it broke off.
    private(set) var isEnded = false
    private var layers: [String: Layer] = [:]
    private let reference: String

    init(reference: String) { self.reference = reference }

    /// Whether layers are being unpacked, and none is being downloaded any more.
    var isExtracting: Bool {
        layers.values.contains(where: \.isExtracting)
            && layers.values.allSatisfy { $0.isExtracting || $0.isComplete || $0.total > 0 && $0.done >= $0.total }
    }

    /// How far the pull has come.
    var progress: PullProgress {
        PullProgress(
            reference: reference,
            layers: layers.count,
            layersDone: layers.values.count(where: \.isComplete),
            bytesDone: Self.sum(layers.values.map(\.done)),
            bytesTotal: Self.sum(layers.values.map(\.total))
        )
    }

    /// A sum that stops at the largest number: registries tell any sizes.
    private static func sum(_ sizes: [Int64]) -> Int64 {
        sizes.reduce(0) { sum, size in
            let (result, overflow) = sum.addingReportingOverflow(size)
            return overflow ? .max : result
        }
    }

    /// Reads one line; whether the progress changed by it.
    mutating func read(_ line: PullLine) -> Bool {
        if let text = line.failure {
            failure = failure ?? text
            return false
        }
        if let status = line.status, line.id == nil, status.hasPrefix("Status: ") { isEnded = true }
        // The line that names the tag carries an id too, and is no layer.
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

/// Until when a pull must show life.
struct PullClock: Equatable {
    /// Which deadline passes next.
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

    /// Something came.
    mutating func seen(at now: ContinuousClock.Instant, isExtracting: Bool) {
        lastSeen = now
        self.isExtracting = isExtracting
    }

    /// The deadline that passes next, and when.
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
