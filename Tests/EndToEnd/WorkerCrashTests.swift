import Foundation
import JobContract
import Primitives
import Redis
import Support
import Testing

/// When, after a job was claimed, its worker is struck.
enum Strike: String, CaseIterable, CustomTestStringConvertible {
    case claimed, containerMade, containerRunning

    var testDescription: String { rawValue }

    /// Waits for the moment.
    func arrives(_ fleet: Fleet, game: GameID) async throws {
        guard self != .claimed else { return }
        let name = fleet.containerName(game)
        try await eventually(
            "the container \(name)",
            until: { $0 == "running" || (self == .containerMade && $0 != nil) }
        ) {
            try await fleet.world.engine.inspect(name)?.State.Status
        }
    }
}

extension Deployment {
    @Suite("A worker that dies or freezes during a job", .tags(.timing), .engineWorld, .timeLimit(.minutes(10)))
    struct WorkerCrashTests {
        static let settings = ["RTM_LEASE_TTL_SECONDS": "3"]

        @Test("another worker finishes the start of a killed worker, once", arguments: Strike.allCases)
        func killed(_ strike: Strike) async throws {
            try await Fleet.with(workers: 2, settings: Self.settings, world: try #require(EngineWorld.current)) {
                fleet in
                try await fleet.push(fleet.start("k-1", game: "g"))
                let victim = try await fleet.runner(of: "k-1")
                try await strike.arrives(fleet, game: "g")
                await victim.kill9()
                // It may have ended the job in the very moment in which it was struck.
                let leaseEnd = try await Self.leaseEnd(of: "k-1", fleet)
                let result = try await fleet.result(of: "k-1")
                #expect(result.effect == .started, "\(result.error ?? "")")
                if let leaseEnd {
                    #expect(result.fields["worker"].map(victim.isWorker) == false)
                    try expectFinished(result, leaseEnd, fleet)
                }
                try await expectOneRun(result, fleet)
            }
        }

        @Test("a worker that was frozen beyond its lease changes nothing afterwards", arguments: Strike.allCases)
        func suspended(_ strike: Strike) async throws {
            try await Fleet.with(workers: 2, settings: Self.settings, world: try #require(EngineWorld.current)) {
                fleet in
                try await fleet.push(fleet.start("z-1", game: "g"))
                let zombie = try await fleet.runner(of: "z-1")
                try await strike.arrives(fleet, game: "g")
                zombie.suspend()
                let leaseEnd = try await Self.leaseEnd(of: "z-1", fleet)
                let result = try await fleet.result(of: "z-1")
                #expect(result.effect == .started, "\(result.error ?? "")")
                if let leaseEnd { try expectFinished(result, leaseEnd, fleet) }
                let before = try #require(try await fleet.world.engine.inspect(fleet.containerName("g")))
                zombie.resume()
                if leaseEnd != nil {
                    // Redis tells it, or its own clock says that the time is over for which it may trust its lease.
                    let words = ["lease was lost", "had been taken over", "giving the job back"]
                    try await eventually("the frozen worker to learn that its lease is lost") {
                        words.contains { zombie.process.log.contains($0) }
                    }
                }
                // It works on, as one of two.
                for index in 0..<4 {
                    let id: JobID = "z-more-\(index)"
                    #expect(
                        try await fleet.finish(id, Fleet.message(.stop, id, game: "h\(index)")).outcome == .succeeded
                    )
                }
                let after = try #require(try await fleet.world.engine.inspect(fleet.containerName("g")))
                #expect(after.Id == before.Id && after.State.StartedAt == before.State.StartedAt)
                #expect(after.State.Status == "running")
                try await expectOneRun(result, fleet)
            }
        }

        @Test("another worker finishes the stop of a killed worker")
        func killedWhileStopping() async throws {
            try await Fleet.with(workers: 2, settings: Self.settings, world: try #require(EngineWorld.current)) {
                fleet in
                try await fleet.finishStubborn("p-1", game: "g")
                try await fleet.push(Fleet.message(.stop, "p-2", game: "g", #""stop_timeout_seconds":2"#))
                let victim = try await fleet.runner(of: "p-2")
                await victim.kill9()
                let result = try await fleet.result(of: "p-2")
                #expect(result.outcome == .succeeded)
                #expect(result.effect == .stopped || result.effect == .alreadyStopped)
                #expect(try await fleet.results(of: "p-2").count == 1)
                let events = try await fleet.events(ofGame: "g", until: ["started", "exited"])
                #expect(events.map { $0["event"] } == ["started", "exited"])
                #expect(events.last?["reason"]?.hasPrefix("stopped") == true)
            }
        }

        /// When the lease of a job that runs ends, on Redis' clock; nil where the job has ended.
        static func leaseEnd(of job: JobID, _ fleet: Fleet) async throws -> Timestamp? {
            let key = fleet.keys.prefix + "leases"
            let score = try await fleet.client.send(RedisCommand("ZSCORE", .string(key), .string(job.text)))
            return score.string.flatMap { Double($0) }.map { Timestamp(millisecondsSinceEpoch: Int64($0)) }
        }

        private func expectFinished(_ result: JobResult, _ leaseEnd: Timestamp, _ fleet: Fleet) throws {
            let taken = try #require(result.fields["taken_at"].flatMap { Timestamp(rfc3339: $0) })
            let finished = try #require(result.fields["finished_at"].flatMap { Timestamp(rfc3339: $0) })
            #expect(taken <= leaseEnd.advanced(by: .milliseconds(1_500)), "lease ended \(leaseEnd), begun \(taken)")
            #expect(
                finished <= leaseEnd.advanced(by: .seconds(2)),
                "lease ended \(leaseEnd), job \(finished)"
            )
        }

        /// One result, one container that ran once, one story of it.
        private func expectOneRun(_ result: JobResult, _ fleet: Fleet) async throws {
            let started = try await fleet.events(ofGame: "g", until: ["started"])
            #expect(started.map { $0["container_id"] } == [result.containerID?.text])
            #expect(try await fleet.containers() == [result.containerID])
            let removal = Fleet.message(.remove, "last", game: "g", #""force":true"#)
            #expect(try await fleet.finish("last", removal).effect == .removed)
            let events = try await fleet.events(ofGame: "g", until: ["started", "exited", "removed"])
            #expect(events.map { $0["event"] } == ["started", "exited", "removed"])
            #expect(Set(events.map { $0["container_id"] }) == [result.containerID?.text])
            #expect(try await fleet.results(of: result.jobID).count == 1)
            #expect(try await fleet.containers().isEmpty)
        }
    }
}
