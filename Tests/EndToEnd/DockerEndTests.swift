import Foundation
import JobContract
import Primitives
import Support
import Testing

extension Deployment {
    /// Each has an Engine of its own, which it may end.
    @Suite("The end of a Docker Engine", .tags(.timing), .timeLimit(.minutes(60)))
    struct DockerEndTests {
        private static let graceful = ["/bin/busybox", "sh", "-c", "trap 'exit 0' TERM; while :; do sleep 0.1; done"]

        @Test("each exit is published once, with its reason, after a stop, a kill and a freeze of Docker")
        func ends() async throws {
            try await PrivateDocker.with { docker in
                try await EngineWorld.with(on: docker.engine) { world in
                    try await Fleet.with(workers: 2, world: world) { fleet in
                        for round in 0..<GapTests.rounds {
                            try await stopped(round, docker, fleet)
                            try await killed(round, docker, fleet)
                            try await frozen(round, docker, fleet)
                        }
                    }
                }
            }
        }

        private func stopped(_ round: Int, _ docker: PrivateDocker, _ fleet: Fleet) async throws {
            let ids = [
                try await fleet.runByHand(game: "term-\(round)"),
                try await fleet.runByHand(game: "graceful-\(round)", Self.graceful),
            ]
            try await fleet.events(ofGame: "graceful-\(round)", until: ["started"])
            try await docker.stop()
            try await docker.start()
            for game: GameID in ["term-\(round)", "graceful-\(round)"] {
                let events = try await fleet.events(ofGame: game, until: ["started", "exited"], within: .seconds(30))
                #expect(events.map { $0["reason"] } == [nil, "daemon_shutdown"], "\(game)")
            }
            try await docker.engine.docker(["rm", "--force"] + ids.map(\.text))
            try await fleet.untilPublished(ids)
        }

        /// An Engine that was killed ends, when it is back, what it does not keep running.
        private func killed(_ round: Int, _ docker: PrivateDocker, _ fleet: Fleet) async throws {
            let id = try await fleet.runByHand(game: "killed-\(round)")
            try await fleet.events(ofGame: "killed-\(round)", until: ["started"])
            try await docker.kill9()
            try await docker.start()
            let events = try await fleet.events(
                ofGame: "killed-\(round)",
                until: ["started", "exited"],
                within: .seconds(30)
            )
            #expect(events.last?["reason"] == "daemon_shutdown", "\(events.last ?? [:])")
            try await docker.engine.docker("rm", "--force", id.text)
            try await fleet.untilPublished([id])
        }

        private func frozen(_ round: Int, _ docker: PrivateDocker, _ fleet: Fleet) async throws {
            let crashing = ["/bin/busybox", "sh", "-c", "sleep 2; exit 3"]
            let id = try await fleet.runByHand(game: "frozen-\(round)", crashing)
            let process = try await fleet.process(of: id)
            docker.suspend()
            try await fleet.untilEnded(process)
            docker.resume()
            let events = try await fleet.events(
                ofGame: "frozen-\(round)",
                until: ["started", "exited"],
                within: .seconds(30)
            )
            #expect(events.last?["reason"] == "crashed" && events.last?["exit_code"] == "3")
            try await docker.engine.docker("rm", "--force", id.text)
            try await fleet.untilPublished([id])
        }

        @Test("after a power loss or an unseen end, running containers have that reason, earlier exits their own")
        func powerLoss() async throws {
            try await PrivateDocker.with { docker in
                try await EngineWorld.with(on: docker.engine) { world in
                    try await Fleet.with(world: world) { fleet in
                        let ids = [
                            try await fleet.runByHand(game: "power-1"), try await fleet.runByHand(game: "power-2"),
                        ]
                        try await fleet.events(ofGame: "power-1", until: ["started"])
                        try await fleet.events(ofGame: "power-2", until: ["started"])
                        try await docker.losePower()
                        try await docker.start()
                        for game: GameID in ["power-1", "power-2"] {
                            try await expectEnd(of: game, "daemon_shutdown", fleet)
                        }
                        // While the Engine is away a process may end with the same code by itself.
                        let exiting = ["/bin/busybox", "sh", "-c", "sleep 3; exit 255"]
                        let own = try await fleet.runByHand(game: "own", exiting)
                        try await fleet.events(ofGame: "own", until: ["started"])
                        let process = try await fleet.process(of: own)
                        try await docker.kill9()
                        try await fleet.untilEnded(process)
                        try await pause(.seconds(5), because: "the exit must be clearly earlier than Docker's return")
                        let back = Timestamp(millisecondsSinceEpoch: Int64(Date().timeIntervalSince1970 * 1_000))
                        try await docker.start()
                        // A newer Docker Engine no longer knows the exit, and writes the time of its return.
                        let found = try await docker.engine.inspect(own.text)?.State.FinishedAt
                        let isForgotten = try #require(found.flatMap { Timestamp(rfc3339: $0) }) >= back
                        try await expectEnd(of: "own", isForgotten ? "daemon_shutdown" : "crashed", fleet)
                        // The worker was on the machine, too.
                        let late = try await fleet.runByHand(game: "late")
                        try await fleet.events(ofGame: "late", until: ["started"])
                        await fleet.workers[0].kill9()
                        try await docker.losePower()
                        try await docker.start()
                        try await fleet.startWorker()
                        try await expectEnd(of: "late", "daemon_shutdown", fleet)
                        // No worker sees Docker away.
                        let unseen = try await fleet.runByHand(game: "unseen")
                        try await fleet.events(ofGame: "unseen", until: ["started"])
                        await fleet.workers[1].kill9()
                        try await docker.stop()
                        try await docker.start()
                        try await fleet.startWorker()
                        try await expectEnd(of: "unseen", "daemon_shutdown", code: "143", fleet)
                        try await docker.engine.docker("rm", "--force", unseen.text)
                        try await fleet.untilPublished([unseen])
                        try await docker.engine.docker(["rm", "--force"] + (ids + [own, late]).map(\.text))
                        try await fleet.untilPublished(ids + [own, late])
                    }
                }
            }
        }

        private func expectEnd(
            of game: GameID,
            _ reason: String,
            code: String = "255",
            _ fleet: Fleet
        ) async throws {
            let events = try await fleet.events(ofGame: game, until: ["started", "exited"], within: .seconds(40))
            #expect(events.last?["reason"] == reason && events.last?["exit_code"] == code, "\(events.last ?? [:])")
        }

        @Test("with live restore, only the containers' own exits are published")
        func liveRestore() async throws {
            try await PrivateDocker.with(arguments: ["--live-restore"]) { docker in
                try await EngineWorld.with(on: docker.engine) { world in
                    try await Fleet.with(world: world) { fleet in
                        let crashing = ["/bin/busybox", "sh", "-c", "sleep 3; exit 3"]
                        let ending = try await fleet.runByHand(game: "ending", crashing)
                        let lasting = try await fleet.runByHand(game: "lasting")
                        try await fleet.events(ofGame: "lasting", until: ["started"])
                        let process = try await fleet.process(of: ending)
                        try await docker.stop()
                        try await fleet.untilEnded(process)
                        try await docker.start()
                        let events = try await fleet.events(
                            ofGame: "ending",
                            until: ["started", "exited"],
                            within: .seconds(30)
                        )
                        #expect(events.last?["reason"] == "crashed" && events.last?["exit_code"] == "3")
                        #expect(events.last?["source"] == "reconcile")
                        #expect(try await fleet.events(ofGame: "lasting").map { $0["event"] } == ["started"])
                        try await docker.engine.docker("rm", "--force", ending.text, lasting.text)
                        try await fleet.untilPublished([ending, lasting])
                    }
                }
            }
        }
    }
}
