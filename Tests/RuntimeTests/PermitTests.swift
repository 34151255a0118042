import JobContract
import JobQueue
import Support
import Testing

@testable import Runtime

@Suite("Concurrency permits")
struct PermitTests {
    private func permits(_ concurrency: Int, running kinds: [JobKind] = []) -> Permits {
        var permits = Permits(concurrency: concurrency)
        for kind in kinds { permits.began(kind) }
        return permits
    }

    private func capacity(_ starts: Int, _ stops: Int) -> Capacity { Capacity(starts: starts, stops: stops) }

    @Test("each class has as many permits as the concurrency")
    func classes() {
        let permits = permits(2, running: [.start, .restart, .stop])
        #expect(permits.capacity == capacity(0, 1))
        #expect(permits.running == 3 && permits.publishing == 0)
    }

    @Test("a waiting job returns its permit, and takes one again afterwards, even if none is free")
    func waiting() {
        var permits = permits(1, running: [.start])
        let waits = permits.waits(.start)
        #expect(waits)
        #expect(permits.capacity == capacity(1, 1))
        #expect(permits.publishing == 0)
        permits.began(.start)
        permits.goesOn(.start)
        #expect(permits.starts == 2 && permits.waiting == 0)
        #expect(permits.capacity == capacity(0, 1))
        permits.done(.start, from: .working)
        #expect(permits.capacity == capacity(0, 1))
        permits.done(.start, from: .working)
        #expect(permits.publishing == 2)
        permits.ended()
        permits.ended()
        #expect(permits == self.permits(1))
    }

    @Test("at most 8 times the concurrency wait without a permit; further jobs keep theirs", arguments: [1, 3])
    func bound(concurrency: Int) {
        var permits = permits(concurrency)
        for _ in 0..<8 * concurrency {
            permits.began(.stop)
            let waits = permits.waits(.stop)
            #expect(waits)
        }
        #expect(permits.capacity == capacity(concurrency, concurrency))
        permits.began(.start)
        let isOneTooMany = !permits.waits(.start)
        #expect(isOneTooMany)
        #expect(permits.starts == 1 && permits.waiting == 8 * concurrency)
        permits.done(.stop, from: .waiting)
        let waits = permits.waits(.start)
        #expect(waits)
        #expect(permits.starts == 0)
    }

    @Test("results that are not yet in Redis reduce the permits for new jobs")
    func publishing() {
        var permits = permits(2, running: [.start, .start, .stop])
        for kind in [JobKind.start, .start, .stop] { permits.done(kind, from: .working) }
        #expect(permits.capacity == Capacity(starts: 1, stops: 1))
        permits.done(.start, from: .done)
        #expect(permits.capacity == Capacity(starts: 1, stops: 1))
    }
}

@Suite("Waiting jobs, with a fake Docker Engine and a real Redis", .timeLimit(.minutes(1)))
struct WaitingJobTests {
    /// The concurrency of the workers here.
    private static let concurrency = 4

    @Test("starts that wait for readiness do not block other starts")
    func readiness() async throws {
        try await WorkerWorld.with { world in
            await world.docker.addImage(FakeDocker.Image("slow:1", hasHealthcheck: true))
            try await world.withWorker(drain: .zero) { _ in
                for number in 0..<Self.concurrency {
                    let message = #"""
                        {"v":1,"id":"w\#(number)","kind":"start","game_id":"w\#(number)","image":"slow:1",
                        "ready_timeout_seconds":600}
                        """#
                    try await world.push(message)
                }
                try await eventually("all of them to run", until: { $0.count == Self.concurrency }) {
                    await world.docker.containersByName
                }
                try await world.push(.start, "s1")
                #expect(try await world.result("s1").effect == .started)
                await world.docker.setHealth(container: "galaxy-game-w0", "healthy")
                #expect(try await world.result("w0").effect == .started)
            }
        }
    }

    @Test("pulls from a silent registry do not block starts of present images")
    func pulls() async throws {
        try await WorkerWorld.with { world in
            await world.docker.delay(.pullImage, by: .seconds(600))
            try await world.withWorker(drain: .zero) { _ in
                for number in 0..<Self.concurrency {
                    let message =
                        #"{"v":1,"id":"p\#(number)","kind":"start","game_id":"p\#(number)","image":"absent:1"}"#
                    try await world.push(message)
                }
                try await eventually("all of them to pull", until: { $0 == Self.concurrency }) {
                    await world.docker.calls[.pullImage]
                }
                try await world.push(.start, "s1")
                #expect(try await world.result("s1").effect == .started)
            }
        }
    }

    @Test("stops of games that ignore SIGTERM do not block other stops")
    func stops() async throws {
        try await WorkerWorld.with { world in
            try await world.withWorker(drain: .zero) { _ in
                for number in 0..<Self.concurrency {
                    try await world.push(.start, "s\(number)", game: "w\(number)")
                    _ = try await world.result("s\(number)")
                }
                await world.docker.delay(.stop, by: .seconds(600))
                for number in 0..<Self.concurrency { try await world.push(.stop, "t\(number)", game: "w\(number)") }
                try await eventually("all of them to stop", until: { $0 == Self.concurrency }) {
                    await world.docker.calls[.stop]
                }
                try await world.push(.stop, "t", game: "other")
                #expect(try await world.result("t").effect == .alreadyAbsent)
            }
        }
    }
}
