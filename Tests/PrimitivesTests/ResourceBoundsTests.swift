import Primitives
import Testing

@Suite("The bounds of a container's resources")
struct ResourceBoundsTests {
    @Test("exclude values that Docker reads as no limit")
    func lowerBounds() {
        #expect(ResourceBounds.cpus.lowerBound == 0.01)
        #expect(ResourceBounds.settableCPUs.lowerBound == 0.01)
        #expect(ResourceBounds.leastMemory.bytes == 6_291_456)
        #expect(ResourceBounds.pids.lowerBound == 1)
    }

    @Test("exclude settings that a container's spec refuses")
    func settings() {
        #expect(ResourceBounds.settableCPUs.clamped(to: ResourceBounds.cpus) == ResourceBounds.settableCPUs)
    }
}
