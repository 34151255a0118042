import DockerPort
import RuntimeCore
import Synchronization

/// A worker's recent inspections of images.
final class RecentImages: Sendable {
    private let cache = Mutex(ImageCache())

    func known(_ reference: String) -> ImageInspect? { cache.withLock { $0.known(reference, at: MonotonicClock.now) } }

    /// Adds an inspection just received from the Docker Engine, and returns the inspection.
    func seen(_ image: ImageInspect) -> ImageInspect {
        cache.withLock { $0.add(image, at: MonotonicClock.now) }
        return image
    }

    func forget(_ reference: String) { cache.withLock { $0.drop(reference) } }
}
