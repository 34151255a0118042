import DockerPort

/// What images were a short while ago, so that one of many starts after the other need not ask the Engine again.
///
/// An image may have changed since. A start that is made by this tells the Engine which image it means
/// (``DockerPort/RunSpec/imageID``), so that it fails where the reference has come to name another one; then the image
/// is looked at anew.
package struct ImageCache: Sendable, Equatable {
    /// How long what was seen of an image is taken for true.
    static let lifetime = Duration.seconds(10)

    private struct Sight: Sendable, Equatable {
        let image: ImageInspect
        let until: MonotonicInstant
    }

    private static let capacity = 64
    private var images: [String: Sight] = [:]

    package init() {}

    /// What the image of that reference is, where it was seen within the lifetime.
    package func known(_ reference: String, at now: MonotonicInstant) -> ImageInspect? {
        images[reference].flatMap { now < $0.until ? $0.image : nil }
    }

    /// - Parameter image: as the Engine shows it now.
    package mutating func add(_ image: ImageInspect, at now: MonotonicInstant) {
        if images.count >= Self.capacity { images = [:] }
        images[image.ref] = Sight(image: image, until: now.advanced(by: Self.lifetime))
    }

    /// The image of that reference may have become another.
    package mutating func drop(_ reference: String) { images[reference] = nil }
}
