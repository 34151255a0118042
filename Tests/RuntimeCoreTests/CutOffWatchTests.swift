import RuntimeCore
import Testing

@Suite("A node that is cut off from Redis")
struct CutOffWatchTests {
    @Test(
        "has stopped its games before the node is lost, also if its last sign is a lease older than the last answer",
        arguments: [(300, 10), (30, 10), (30, 2), (60, 40), (86_400, 300)]
    )
    func limit(grace: Int, lease: Int) {
        let limit = CutOffWatch.limit(grace: .seconds(grace), lease: .seconds(lease))
        #expect(limit + .seconds(lease) + CutOffWatch.stopTimeout < .seconds(max(grace, 2 * lease)))
    }

    @Test("stops its games once in a silence, and again in the next one")
    func steps() {
        // The limit is 15 - 1 - 12 seconds.
        var watch = CutOffWatch(grace: .seconds(15), lease: .seconds(1))
        #expect(watch.step(silence: .zero) == .wait(.seconds(1)))
        #expect(watch.step(silence: .milliseconds(1_700)) == .wait(.milliseconds(300)))
        #expect(watch.step(silence: .seconds(2)) == .stopGames)
        // Until they have been stopped.
        #expect(watch.step(silence: .seconds(3)) == .stopGames)
        watch.stopped()
        #expect(watch.step(silence: .seconds(4)) == .wait(.seconds(1)))
        #expect(watch.step(silence: .milliseconds(100)) == .wait(.seconds(1)))
        #expect(watch.step(silence: .seconds(2)) == .stopGames)
    }
}
