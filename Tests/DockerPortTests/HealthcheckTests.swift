import DockerPort
import Testing

@Suite("A health check")
struct HealthcheckTests {
    @Test("with short intervals is slowed down to one a second, and keeps its other fields")
    func slowed() {
        let quick = Healthcheck(
            test: ["CMD", "/check"],
            interval: .milliseconds(1),
            timeout: .milliseconds(50),
            startPeriod: .seconds(9),
            startInterval: .milliseconds(999),
            retries: 7
        )
        var expected = quick
        expected.interval = .seconds(1)
        expected.startInterval = .seconds(1)
        #expect(quick.slowed == expected)
        let start = Healthcheck(test: ["CMD", "/check"], interval: .seconds(5), startInterval: .milliseconds(1))
        #expect(start.slowed?.interval == .seconds(5))
        #expect(start.slowed?.startInterval == .seconds(1))
    }

    @Test("that is slow enough, or disabled, is the image's own")
    func unchanged() {
        #expect(Healthcheck(test: ["CMD", "x"]).slowed == nil)
        #expect(Healthcheck(test: ["CMD", "x"], interval: .seconds(1), startInterval: .seconds(1)).slowed == nil)
        #expect(Healthcheck(test: ["NONE"], interval: .milliseconds(1)).slowed == nil)
        #expect(Healthcheck(test: [], interval: .milliseconds(1)).slowed == nil)
    }
}
