import DockerPort
import NIOHTTP1
import Primitives
import Testing

@testable import DockerEngine

@Suite("Pulls that several callers share")
struct PullFlightsTests {
    @Test("become one request for each reference")
    func oneRequest() {
        var flights = PullFlights()
        #expect(flights.join(1, reference: "a") == .begin(flight: 1))
        #expect(flights.join(2, reference: "a") == .wait(flight: 1))
        #expect(flights.join(3, reference: "b") == .begin(flight: 2))
        #expect(flights.waiters(flight: 1, reference: "a") == [1, 2])
        #expect(flights.ended(flight: 1, reference: "a") == [1, 2])
        #expect(flights.join(4, reference: "a") == .begin(flight: 3))
    }

    @Test("continue when one caller leaves, and end with the last caller")
    func leaving() {
        var flights = PullFlights()
        _ = flights.join(1, reference: "a")
        _ = flights.join(2, reference: "a")
        #expect(flights.leave(1, reference: "a") == .release)
        #expect(flights.leave(1, reference: "a") == .nothing)
        #expect(flights.leave(2, reference: "a") == .releaseAndCancel(flight: 1))
        #expect(flights.isEmpty)
    }

    @Test("start again for a caller that comes after the last left, whatever the old pull returns")
    func lateEnd() {
        var flights = PullFlights()
        _ = flights.join(1, reference: "a")
        _ = flights.leave(1, reference: "a")
        #expect(flights.join(2, reference: "a") == .begin(flight: 2))
        #expect(flights.ended(flight: 1, reference: "a").isEmpty)
        #expect(flights.waiters(flight: 1, reference: "a").isEmpty)
        #expect(flights.ended(flight: 2, reference: "a") == [2])
        #expect(flights.leave(2, reference: "a") == .nothing)
    }
}

@Suite("Lines of a pull's response")
struct PullTrackerTests {
    private func line(_ id: String?, _ status: String, _ current: Int64? = nil, _ total: Int64? = nil) -> PullLine {
        PullLine(id: id, status: status, progressDetail: .init(current: current, total: total))
    }

    @Test("say how far the pull is")
    func progress() {
        var tracker = PullTracker(reference: "r")
        let begun = [
            line("1.2", "Pulling from team/engine"), line(nil, "Digest: sha256:1"), line("a", "Pulling fs layer"),
            line("b", "Already exists"), line("a", "Downloading", 10, 100), line("a", "Downloading", 10, 100),
        ].map { tracker.read($0) }
        #expect(begun == [false, false, true, true, true, false])
        #expect(
            tracker.progress == PullProgress(reference: "r", layers: 2, layersDone: 1, bytesDone: 10, bytesTotal: 100)
        )
        let unpacking = [line("a", "Download complete"), line("a", "Extracting", 50, 100)].map { tracker.read($0) }
        #expect(unpacking == [true, true])
        #expect(tracker.isExtracting)
        let ended = tracker.read(line("a", "Pull complete"))
        #expect(ended)
        #expect(!tracker.isExtracting)
        #expect(
            tracker.progress == PullProgress(reference: "r", layers: 2, layersDone: 2, bytesDone: 100, bytesTotal: 100)
        )
        #expect(tracker.failure == nil)
    }

    @Test("do not count as unpacking while a layer is still downloading")
    func extractingBesideDownloading() {
        var tracker = PullTracker(reference: "r")
        _ = tracker.read(line("a", "Downloading", 1, 9))
        _ = tracker.read(line("b", "Extracting", 1, 2))
        #expect(!tracker.isExtracting)
    }

    @Test("give the first error, from either field")
    func failure() {
        var tracker = PullTracker(reference: "r")
        _ = tracker.read(PullLine(errorDetail: .init(message: "detail")))
        _ = tracker.read(PullLine(error: "second"))
        #expect(tracker.failure == "detail")
        var other = PullTracker(reference: "r")
        _ = other.read(PullLine(error: "old engines say it so", errorDetail: .init()))
        #expect(other.failure == "old engines say it so")
    }

    @Test("name a bounded number of layers")
    func bounded() {
        var tracker = PullTracker(reference: "r")
        for number in 0..<2_000 { _ = tracker.read(line("layer\(number)", "Waiting")) }
        #expect(tracker.progress.layers == 1_024)
        let isNoted = tracker.read(line("x", "Downloading", .min, .min))
        #expect(!isNoted)
        _ = tracker.read(line("layer1", "Downloading", .max, .max))
        _ = tracker.read(line("layer2", "Downloading", .max, .max))
        _ = tracker.progress
    }
}

@Suite("The deadlines of a pull")
struct PullClockTests {
    private let begun = ContinuousClock.now
    private var deadlines: DockerEngine.Deadlines { .init() }

    @Test("cover the first byte, then silence, longer silence while unpacking, and the total")
    func order() {
        var clock = PullClock(begun: begun, deadlines: deadlines)
        #expect(clock.next == (begun + .seconds(60), .firstByte))
        clock.seen(at: begun + .seconds(50), isExtracting: false)
        #expect(clock.next == (begun + .seconds(170), .inactivity))
        clock.seen(at: begun + .seconds(100), isExtracting: true)
        #expect(clock.next == (begun + .seconds(700), .inactivity))
        clock.seen(at: begun + .seconds(400), isExtracting: true)
        #expect(clock.next == (begun + .seconds(900), .total))
        clock.seen(at: begun + .seconds(890), isExtracting: false)
        #expect(clock.next == (begun + .seconds(900), .total))
    }
}

@Suite("Small decisions of the adapter")
struct SmallDecisionTests {
    @Test("a network is cached for 30 seconds")
    func networkCache() {
        let now = ContinuousClock.now
        var cache = NetworkCache()
        #expect(!cache.has("n", at: now))
        cache.add("n", at: now)
        #expect(cache.has("n", at: now + .seconds(29)))
        #expect(!cache.has("n", at: now + .seconds(30)))
        cache.drop("n")
        #expect(!cache.has("n", at: now))
        for number in 0..<200 { cache.add("n\(number)", at: now) }
        #expect(cache.has("n199", at: now))
    }

    @Test("pauses double up to a bound and never exceed the time that is left")
    func backoff() {
        let begun = ContinuousClock.now
        let backoff = PollSchedule(limit: .seconds(10), shortest: .milliseconds(50), longest: .seconds(2), begun: begun)
        #expect(backoff.pause(at: begun) == .milliseconds(50))
        #expect(backoff.pause(at: begun + .milliseconds(400)) == .milliseconds(400))
        #expect(backoff.pause(at: begun + .seconds(5)) == .seconds(2))
        #expect(backoff.pause(at: begun + .milliseconds(9_900)) == .milliseconds(100))
        #expect(backoff.pause(at: begun + .seconds(10)) == nil)
    }

    @Test(
        "a stop's time-out is rounded up to seconds and bounded",
        arguments: [
            (.zero, 0), (.milliseconds(1), 1), (.seconds(30), 30), (.milliseconds(29_001), 30), (.seconds(-5), 0),
            (.seconds(601), 600), (.nanoseconds(-1), 0),
        ] as [(Duration, Int64)]
    )
    func stopSeconds(timeout: Duration, seconds: Int64) {
        #expect(DockerEngine.wholeSeconds(timeout) == seconds)
    }

    @Test("a point in time is sent with all its nanoseconds")
    func since() {
        #expect(DockerEngine.engineTime(.init(seconds: 5, nanoseconds: 7)) == "5.000000007")
        #expect(DockerEngine.engineTime(.init(seconds: 5)) == "5.000000000")
    }

    @Test("text in a URL is encoded byte by byte")
    func encoding() {
        let request = EngineRequest(
            .list,
            .GET,
            ["a b", "ü/..", "x"],
            query: [("f", #"{"l":["a=b"]}"#)],
            deadline: .zero
        )
        #expect(
            request.target(version: APIVersion(major: 1, minor: 41))
                == "/v1.41/a%20b/%C3%BC%2F../x?f=%7B%22l%22%3A%5B%22a%3Db%22%5D%7D"
        )
        #expect(EngineRequest(.ping, .GET, ["_ping"], deadline: .zero).target(version: nil) == "/_ping")
    }
}
