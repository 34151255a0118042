import Foundation
import JobContract
import Support
import Testing

extension Deployment {
    @Suite("A worker that starts before Redis and Docker", .engineWorld, .timeLimit(.minutes(2)))
    struct StartTests {
        @Test("begins its work when both have started, in either order", arguments: [true, false])
        func comes(isRedisFirst: Bool) async throws {
            let world = try #require(EngineWorld.current)
            try await Fleet.with(workers: 0, world: world) { fleet in
                let directory = try temporaryDirectory("late")
                defer { try? FileManager.default.removeItem(atPath: directory) }
                let (redis, docker) = (directory + "/redis.sock", directory + "/docker.sock")
                let engine = try #require(world.engine.host.hasPrefix("unix://") ? world.engine.host.dropFirst(7) : nil)
                let links = [(redis, fleet.redis.socketPath), (docker, String(engine))]
                let worker = try await fleet.startWorker(
                    ["RTM_REDIS_URL": "unix://\(redis)", "DOCKER_HOST": "unix://\(docker)"],
                    untilReady: false
                )
                try await worker.untilItSays("the worker waits for Redis or Docker")
                for (path, target) in isRedisFirst ? links : links.reversed() {
                    #expect(!worker.process.log.contains("worker begins"))
                    try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: target)
                }
                try await worker.untilItSays("worker is ready")
                #expect(try await fleet.finish("s1", fleet.start("s1", game: "lobby")).succeeded)
            }
        }
    }
}
