import DockerPort
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
