import DockerPort
import JobContract
import Synchronization

/// What a job is at: written by the job as often as it likes, and told to Redis now and then.
final class ProgressBoard: Sendable {
    private let progress = Mutex<JobProgress?>(nil)

    func show(_ new: JobProgress) { progress.withLock { $0 = new } }

    var current: JobProgress? { progress.withLock { $0 } }

    /// Tells what has changed, at most once in each `pause`, until it is cancelled. A job that takes no longer than
    /// one `pause` costs nothing.
    ///
    /// - Parameter write: answers whether it was taken; what was not is told with the next pause.
    func tell(every pause: Duration, _ write: (JobProgress) async -> Bool) async {
        var told: JobProgress?
        while true {
            try? await MonotonicClock.sleep(for: pause)
            if Task.isCancelled { return }
            guard let current, current != told else { continue }
            if await write(current) { told = current }
        }
    }
}

extension JobProgress {
    init(_ pull: PullProgress) {
        self.init(
            .pulling,
            layersDone: pull.layersDone,
            layers: pull.layers,
            bytesDone: pull.bytesDone,
            bytesTotal: pull.bytesTotal
        )
    }
}
