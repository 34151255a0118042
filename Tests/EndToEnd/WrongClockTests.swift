import Foundation
import JobContract
import Primitives
import Redis
import Support
import Testing

extension Deployment {
    /// Programs whose clock is an hour wrong. The Docker Engine's cannot be: it asks the kernel itself.
    @Suite("Wrong clocks", .engineWorld, .timeLimit(.minutes(5)))
    struct WrongClockTests {
        private func stop(_ id: JobID, _ game: GameID, _ more: String = "") -> String {
            Fleet.message(.stop, id, game: game, more)
        }

        private func now() -> Int64 { SystemClock.now().millisecondsSinceEpoch }

        private func milliseconds(_ text: String?) -> Int64? {
            text.flatMap { Timestamp(rfc3339: $0) }?.millisecondsSinceEpoch
        }

        /// Checks a fleet whose Redis is an hour ahead.
        private func checkAhead(_ fleet: Fleet) async throws {
            let soon = Timestamp(millisecondsSinceEpoch: now() + 1_800_000).rfc3339
            let late = try await fleet.finish("late", stop("late", "h", #""deadline":"\#(soon)""#))
            #expect(late.outcome == .expired)
            let nodes = try await fleet.run("node", "list").output
            #expect(nodes.contains("1 up") && !nodes.contains("lost"), "\(nodes)")
            let doctor = try await fleet.run("doctor").output
            #expect(doctor.contains(#/differ by (1h00m|59m59s)/#), "\(doctor)")
        }

        @Test("an hour ahead and back in Redis loses no job, no node and no game; deadlines follow Redis' clock")
        func redis() async throws {
            try await ClockShift.with { shift in
                let world = try #require(EngineWorld.current)
                try await Fleet.with(redisLauncher: shift.launcher, world: world) { fleet in
                    let first = try await fleet.finishStubborn("s", game: "g")
                    _ = try await fleet.finish("s-h", fleet.start("s-h", game: "h"))
                    try await fleet.push(stop("t", "g", #""stop_timeout_seconds":3"#))
                    _ = try await fleet.runner(of: "t")
                    try shift.set(seconds: 3_600)

                    let stopped = try await fleet.result(of: "t", within: .seconds(40))
                    #expect(stopped.effect == .stopped && stopped.containerID == first.containerID)
                    let ahead = try #require(milliseconds(stopped.fields["finished_at"]))
                    #expect(ahead > now() + 3_500_000)
                    try await checkAhead(fleet)

                    try shift.set(seconds: 0)
                    #expect(try await fleet.finish("back", stop("back", "h"), within: .seconds(40)).effect == .stopped)
                    let steps = RedisCommand("HGET", .string(fleet.keys.meta), "clock_steps")
                    #expect(try await fleet.client.send(steps).string == "1")
                    for id: JobID in ["s", "s-h", "t", "late", "back"] {
                        #expect(try await fleet.results(of: id).count == 1)
                    }
                    let again = try await fleet.finish("s-2", fleet.start("s-2", game: "h"), within: .seconds(40))
                    #expect(again.effect == .started)
                    let events = try await fleet.events(ofGame: "g")
                    #expect(events.map { $0["event"] } == ["started", "exited"])
                }
            }
        }

        @Test("an hour ahead or back at a worker changes no time in results and events", arguments: [3_600, -3_600])
        func worker(seconds: Int) async throws {
            try await ClockShift.with { shift in
                try shift.set(seconds: seconds)
                try await Fleet.with(workers: 0, world: try #require(EngineWorld.current)) { fleet in
                    try await fleet.startWorker(shift.environment)
                    let begin = now()
                    _ = try await fleet.finish("s", fleet.start("s", game: "g"))
                    let soon = Timestamp(millisecondsSinceEpoch: now() + 60_000).rfc3339
                    let stopped = try await fleet.finish("t", stop("t", "g", #""deadline":"\#(soon)""#))
                    #expect(stopped.effect == .stopped)
                    for name in ["taken_at", "finished_at"] {
                        let time = try #require(milliseconds(stopped.fields[name]))
                        #expect((begin - 1_000...now() + 1_000).contains(time), "\(name)")
                    }
                    let events = try await fleet.events(ofGame: "g", until: ["started", "exited"])
                    for event in events {
                        let time = try #require(milliseconds(event["occurred_at"]))
                        #expect((begin - 1_000...now() + 1_000).contains(time), "\(event)")
                    }
                    let doctor = try await fleet.run("doctor", settings: shift.environment)
                    #expect(doctor.output.contains(#/differ by (1h00m|59m59s)/#), "\(doctor.output)")
                }
            }
        }
    }
}
