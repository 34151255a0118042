import Foundation
import JobContract
import Support
import Testing

extension Deployment {
    @Suite("A frozen Docker Engine", .timeLimit(.minutes(3)))
    struct FrozenDockerTests {
        @Test("stops the claiming of jobs within 15 s, and jobs continue after the freeze")
        func noticed() async throws {
            try await PrivateDocker.with { docker in
                try await EngineWorld.with(on: docker.engine) { world in
                    try await Fleet.with(world: world) { fleet in
                        #expect(try await fleet.finish("f-1", fleet.start("f-1", game: "one")).effect == .started)
                        docker.suspend()
                        let worker = try #require(fleet.workers.first)
                        try await worker.untilItSays("the Docker Engine does not answer", within: .seconds(15))
                        try await fleet.push(fleet.start("f-2", game: "two"))
                        docker.resume()
                        let result = try await fleet.result(of: "f-2", within: .seconds(30))
                        #expect(result.effect == .started)
                        #expect(result.fields["attempts"] == "1")
                    }
                }
            }
        }
    }
}
