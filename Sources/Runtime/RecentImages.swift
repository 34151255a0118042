import DockerPort
import JobContract
import JobQueue
import RuntimeCore
import Synchronization

/// What a worker has seen of images a short while ago.
final class RecentImages: Sendable {
    private let cache = Mutex(ImageCache())

    func known(_ reference: String) -> ImageInspect? { cache.withLock { $0.known(reference, at: MonotonicClock.now) } }

    /// Notes what the Engine has just shown, and answers it.
    func seen(_ image: ImageInspect) -> ImageInspect {
        cache.withLock { $0.add(image, at: MonotonicClock.now) }
        return image
    }

    func forget(_ reference: String) { cache.withLock { $0.drop(reference) } }
}

extension Result<JobEnding, JobFailure> {
    /// Whether a start has failed and no container of it is left to be seen.
    var leavesNothingStarted: Bool {
        switch self {
        case .success(let ending): ending.outcome == .failed && ending.containerID == nil
        case .failure: true
        }
    }
}
