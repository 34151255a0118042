import DockerPort
import Logging
import RuntimeCore
import Synchronization

/// Logs the progress of a pull, at most every 5 s. A pull may take minutes, and the Docker Engine reports many times a
/// second.
final class PullReport: Sendable {
    private static let pause = Duration.seconds(5)
    private let logger: Logger
    private let lastTold: Mutex<MonotonicInstant>

    init(logger: Logger) {
        self.logger = logger
        lastTold = Mutex(MonotonicClock.now)
    }

    func tell(_ progress: PullProgress) {
        let isDue = lastTold.withLock { last in
            let now = MonotonicClock.now
            guard last.duration(to: now) >= Self.pause else { return false }
            last = now
            return true
        }
        guard isDue else { return }
        logger.info(
            "still pulling the image",
            metadata: [
                "image": "\(progress.reference)", "layers": "\(progress.layersDone) of \(progress.layers)",
                "bytes": "\(progress.bytesDone) of \(progress.bytesTotal)",
            ]
        )
    }
}
