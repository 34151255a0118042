import Foundation
import JobContract
import Logging
import Primitives
import Redis
import Support
import Testing

extension Deployment {
    /// Figures for a person: nothing is expected of them here but that there are some. A usual run takes a few
    /// rounds of each, so that they cannot rot; with `RTM_TEST_MEASURE=1` there are as many as figures need.
    @Suite("Measurements of starts", .tags(.timing), .engineWorld, .timeLimit(.minutes(30)))
    struct MeasureTests {
        static let isMeasuring = ProcessInfo.processInfo.environment["RTM_TEST_MEASURE"] == "1"

        @Test("the duration of a start whose worker is killed")
        func recovery() async throws {
            let settings = Self.isMeasuring ? [:] : ["RTM_LEASE_TTL_SECONDS": "3"]
            try await Fleet.with(workers: 2, settings: settings, world: try #require(EngineWorld.current)) { fleet in
                var sinceDeath: [Duration] = []
                var sinceLeaseEnd: [Duration] = []
                for round in 0..<(Self.isMeasuring ? 50 : 1) {
                    let id: JobID = "m-\(round)"
                    try await fleet.push(fleet.start(id, game: "g\(round)"))
                    let victim = try await fleet.runner(of: id)
                    let leaseEnd = try #require(try await WorkerCrashTests.leaseEnd(of: id, fleet))
                    let death = Timestamp(millisecondsSinceEpoch: Int64(Date().timeIntervalSince1970 * 1_000))
                    await victim.kill9()
                    let result = try await fleet.result(of: id)
                    #expect(result.effect == .started)
                    let finished = try #require(result.fields["finished_at"].flatMap { Timestamp(rfc3339: $0) })
                    sinceDeath.append(finished.since(death))
                    sinceLeaseEnd.append(finished.since(leaseEnd))
                    try await fleet.startWorker()
                }
                report(
                    "result after the worker's death, lease of \(settings["RTM_LEASE_TTL_SECONDS"] ?? "10") s",
                    sinceDeath
                )
                report("result after the end of the lease", sinceLeaseEnd)
            }
        }

        @Test("the time from LPUSH to the result of a start, compared with `docker run --detach`")
        func start() async throws {
            try await Fleet.with(world: try #require(EngineWorld.current)) { fleet in
                let logger = Logger(label: "measure") { _ in SwiftLogNoOpLogHandler() }
                let reader = RedisBlockingConnection(fleet.client.configuration, logger: logger)
                var ours: [Duration] = []
                var dockers: [Duration] = []
                for round in 0..<(Self.isMeasuring ? 22 : 4) {
                    let both = [try await timeStart(round, fleet, reader), try await timeDocker(round, fleet)]
                    // The first rounds warm caches.
                    guard round >= 2 else { continue }
                    ours.append(both[0])
                    dockers.append(both[1])
                }
                await reader.close()
                report("from LPUSH to the result of a start", ours)
                report("docker run --detach", dockers)
            }
        }

        private func timeStart(
            _ round: Int,
            _ fleet: Fleet,
            _ reader: RedisBlockingConnection
        ) async throws -> Duration {
            let id: JobID = "s-\(round)"
            let message = fleet.start(id, game: "g")
            let clock = ContinuousClock()
            let begin = clock.now
            async let answer = reader.send(
                RedisCommand("XREAD", "BLOCK", "20000", "STREAMS", .string(fleet.keys.results), "$"),
                serverTimeout: .seconds(20)
            )
            try await fleet.push(message)
            _ = try await answer
            let took = begin.duration(to: clock.now)
            #expect(try await fleet.result(of: id).effect == .started)
            let remove = Fleet.message(.remove, "r-\(round)", game: "g", #""force":true"#)
            #expect(try await fleet.finish("r-\(round)", remove).effect == .removed)
            return took
        }

        private func timeDocker(_ round: Int, _ fleet: Fleet) async throws -> Duration {
            let name = fleet.containerName("by-hand")
            let engine = fleet.world.engine
            let begin = ContinuousClock.now
            try await engine.docker(
                "run",
                "--detach",
                "--name",
                name,
                "--hostname",
                name,
                "--network",
                fleet.world.network,
                "--init",
                "--cap-drop",
                "ALL",
                "--security-opt",
                "no-new-privileges",
                "--cpus",
                "1",
                "--memory",
                "512m",
                "--memory-swap",
                "512m",
                "--pids-limit",
                "512",
                "--volume",
                "\(fleet.stateRoot)/g:/var/lib/galaxy",
                fleet.world.image
            )
            let took = begin.duration(to: .now)
            try await engine.docker("rm", "--force", name)
            return took
        }

        private func report(_ what: String, _ times: [Duration]) {
            let sorted = times.map { Double($0.components.seconds) * 1_000 + Double($0.components.attoseconds) / 1e15 }
                .sorted()
            guard let worst = sorted.last, let best = sorted.first else { return }
            let figures = [best, sorted[sorted.count / 2], worst].map { String(format: "%.0f", $0) }
            print("\(what): best \(figures[0]) ms, median \(figures[1]) ms, worst \(figures[2]) ms of \(sorted.count)")
        }
    }
}

extension Timestamp {
    fileprivate func since(_ other: Timestamp) -> Duration {
        .seconds(seconds - other.seconds) + .nanoseconds(Int64(nanoseconds) - Int64(other.nanoseconds))
    }
}
