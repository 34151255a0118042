import DockerPort

/// Recent inspections of images. Many starts of the same image share a single request to the Docker Engine.
///
/// An image may have changed since its inspection. A start therefore sends the inspected id
/// (``DockerPort/RunSpec/imageID``) and fails if the reference names another image by now. The start then inspects the
/// image again.
package struct ImageCache: Sendable, Equatable {
    /// How long an inspection is valid.
    static let lifetime = Duration.seconds(10)

    private struct Sight: Sendable, Equatable {
        let image: ImageInspect
        let until: MonotonicInstant
    }

    private static let capacity = 64
    private var images: [String: Sight] = [:]

    package init() {}

    /// Returns the inspection of the image if the inspection is still valid.
    package func known(_ reference: String, at now: MonotonicInstant) -> ImageInspect? {
        images[reference].flatMap { now < $0.until ? $0.image : nil }
    }

    /// Adds an inspection.
    ///
    /// - Parameter image: A result just received from the Docker Engine.
    package mutating func add(_ image: ImageInspect, at now: MonotonicInstant) {
        if images.count >= Self.capacity { images = [:] }
        images[image.ref] = Sight(image: image, until: now.advanced(by: Self.lifetime))
    }

    /// Removes an image whose reference may name another image by now.
    package mutating func drop(_ reference: String) { images[reference] = nil }
}
