import Foundation
import JobContract
import Primitives
import Redis
import Support
import Testing

/// What happens to the leader in the middle of a burst, and how it is mended.
enum LeaderFault: String, CaseIterable, CustomTestStringConvertible {
    case killed, frozen, cutOff, terminated, redisStalled

    var testDescription: String { rawValue }

    func strike(_ leader: WorkerProcess, user: String, _ fleet: Fleet) async throws {
        switch self {
        case .killed: await leader.kill9()
        case .frozen: leader.suspend()
        case .cutOff: try await fleet.cutOff(user)
        case .terminated: leader.terminate()
        case .redisStalled: fleet.redis.suspend()
        }
    }

    func mend(_ leader: WorkerProcess, user: String, _ fleet: Fleet) async throws {
        switch self {
        case .killed, .terminated: try await fleet.startWorker(["RTM_REDIS_URL": try await fleet.addRedisUser(user)])
        case .frozen: leader.resume()
        case .cutOff: try await fleet.letBack(user)
        case .redisStalled: break
        }
    }
}

extension Deployment {
    /// With `RTM_TEST_ROUNDS=20` each runs twenty rounds, on the same workers: a search for faults.
    @Suite("Events during a change of leader", .engineWorld, .timeLimit(.minutes(60)))
    struct GapTests {
        static let rounds = ProcessInfo.processInfo.environment["RTM_TEST_ROUNDS"].flatMap { Int($0) } ?? 1

        @Test(
            "every step is published once and in order, whatever happens to the leader in a burst",
            arguments: LeaderFault.allCases
        )
        func leader(_ fault: LeaderFault) async throws {
            let settings = ["RTM_LEADER_TTL_SECONDS": "2"]
            try await Fleet.with(workers: 0, settings: settings, world: try #require(EngineWorld.current)) { fleet in
                for user in ["one", "two"] {
                    try await fleet.startWorker(["RTM_REDIS_URL": try await fleet.addRedisUser(user)])
                }
                for round in 0..<Self.rounds { try await burst(round, fault, fleet) }
            }
        }

        private func burst(_ round: Int, _ fault: LeaderFault, _ fleet: Fleet) async throws {
            let leader = try await fleet.leader()
            let user = try #require(fleet.user(of: leader))
            let victim = try await fleet.runByHand(game: "victim-\(round)")
            let crashing = ["/bin/busybox", "sh", "-c", "sleep 0.3; exit 3"]
            async let first = fleet.runByHand(game: "first-\(round)", crashing)
            async let second = fleet.runByHand(game: "second-\(round)", crashing)
            try await fleet.world.engine.untilRuns(fleet.containerName("first-\(round)"))
            try await fault.strike(leader, user: user, fleet)
            let third = try await fleet.runByHand(game: "third-\(round)", crashing)
            try await fleet.world.engine.docker("kill", victim.text)
            try await fleet.world.engine.docker("restart", "--time", "5", try await first.text)
            try await fleet.makeNoise(1_000)
            if fault == .redisStalled { fleet.redis.resume() }
            let whole = try await wholeLife(round, fleet)
            let ids = [victim, try await first, try await second, third]
            if fault != .redisStalled { _ = try await fleet.leader(otherThan: leader) }
            try await fault.mend(leader, user: user, fleet)
            try await fleet.untilEnded(ids)
            try await fleet.world.engine.docker(["rm", "--force"] + ids.map(\.text))
            let events = try await fleet.untilPublished(ids + [whole])
            try expectReasons(events, victim: victim, crashed: [try await second, third], stopped: whole)
        }

        /// A container that comes and goes by jobs while nobody listens: with the noise, the Engine keeps no trace
        /// of it. Answers its id.
        private func wholeLife(_ round: Int, _ fleet: Fleet) async throws -> ContainerID {
            let (start, stop, remove): (JobID, JobID, JobID) = ("s-\(round)", "t-\(round)", "r-\(round)")
            let game: GameID = "whole-\(round)"
            let result = try await fleet.finish(start, fleet.start(start, game: game))
            #expect(result.effect == .started)
            try await fleet.world.engine.untilItEndsOnTERM(try #require(result.containerID))
            try await fleet.push(
                Fleet.message(.stop, stop, game: game),
                Fleet.message(.remove, remove, game: game)
            )
            #expect(try await fleet.result(of: remove).effect == .removed)
            return try #require(result.containerID)
        }

        private func expectReasons(
            _ events: [[String: String]],
            victim: ContainerID,
            crashed: [ContainerID],
            stopped: ContainerID
        ) throws {
            func end(_ id: ContainerID) throws -> [String: String] {
                try #require(events.last { $0["container_id"] == id.text && $0["event"] == "exited" })
            }
            #expect(try end(victim)["reason"] == "killed")
            for id in crashed { #expect(try end(id)["reason"] == "crashed" && end(id)["exit_code"] == "3") }
            #expect(try end(stopped)["reason"] == "stopped" && end(stopped)["exit_code"] == "143")
        }
    }
}

extension Fleet {
    /// The Redis user of a worker, of those that ``addRedisUser(_:)`` has made.
    fileprivate func user(of worker: WorkerProcess) -> String? {
        let environment = try? String(contentsOfFile: "/proc/\(worker.process.pid)/environ", encoding: .utf8)
        let url = environment?.split(separator: "\0").first { $0.hasPrefix("RTM_REDIS_URL=") }
        return url?.split(separator: "/").last?.split(separator: ":").first.map(String.init)
    }

    fileprivate func leader(otherThan old: WorkerProcess) async throws -> WorkerProcess {
        try await eventually("another leader", until: { $0.process.pid != old.process.pid }) {
            try await leader()
        }
    }

    /// Waits until none of these containers runs.
    fileprivate func untilEnded(_ ids: [ContainerID]) async throws {
        try await eventually("the containers to end", until: { Set(ids).isDisjoint(with: $0) }) {
            try await world.engine.docker("ps", "--quiet", "--no-trunc").split(separator: "\n")
                .map { ContainerID(String($0)) }
        }
    }
}

extension TestEngine {
    /// Waits until the init process of a container handles SIGTERM. The kernel drops a signal that comes before. Docker's
    /// init ignores SIGTTIN from the same moment on, which `/proc` shows.
    fileprivate func untilItEndsOnTERM(_ id: ContainerID) async throws {
        let isSet: (String) -> Bool = { UInt64($0, radix: 16).map { $0 & (1 << 20) != 0 } ?? false }
        try await eventually("the init of \(id.short) to handle SIGTERM", until: isSet) {
            let status = try await docker("exec", id.text, "/bin/busybox", "cat", "/proc/1/status")
            let line = status.split(separator: "\n").first { $0.hasPrefix("SigIgn:") } ?? ""
            return line.dropFirst(7).trimmingCharacters(in: .whitespaces)
        }
    }

    /// Waits until a container of that name is there and was started.
    fileprivate func untilRuns(_ name: String) async throws {
        try await eventually(
            "\(name) to run",
            until: { $0 != nil && $0 != "created" }
        ) {
            try await inspect(name)?.State.Status
        }
    }
}
