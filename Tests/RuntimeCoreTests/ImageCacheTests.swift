import DockerPort
import Testing

@testable import RuntimeCore

@Suite("The image cache")
struct ImageCacheTests {
    @Test("keeps an inspected image for ten seconds")
    func imageCache() {
        let now = MonotonicInstant(nanoseconds: 0)
        var cache = ImageCache()
        let image = ImageInspect(ref: "a:1", id: "sha256:1")
        #expect(cache.known("a:1", at: now) == nil)
        cache.add(image, at: now)
        #expect(cache.known("a:1", at: now.advanced(by: .seconds(9))) == image)
        #expect(cache.known("a:1", at: now.advanced(by: .seconds(10))) == nil)
        cache.drop("a:1")
        #expect(cache.known("a:1", at: now) == nil)
        for number in 0..<200 { cache.add(ImageInspect(ref: "b:\(number)"), at: now) }
        #expect(cache.known("b:199", at: now) != nil)
    }
}
