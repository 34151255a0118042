import Foundation
import JobContract
import Primitives
import Support
import Testing

extension Deployment {
    @Suite("A stop that another worker finishes", .engineWorld, .timeLimit(.minutes(5)))
    struct TakenOverStopTests {
        @Test(
            "says that SIGKILL was necessary, although the worker that sent it is gone",
            arguments: [(SIGKILL, 4), (SIGKILL, 12), (SIGTERM, 6)] as [(Int32, Int)]
        )
        func forced(_ signal: Int32, _ timeout: Int) async throws {
            let settings = ["RTM_LEASE_TTL_SECONDS": "3", "RTM_DRAIN_TIMEOUT_SECONDS": "1"]
            try await Fleet.with(workers: 2, settings: settings, world: try #require(EngineWorld.current)) { fleet in
                let id = try #require(try await fleet.finishStubborn("f-1", game: "g").containerID)
                try await fleet.push(Fleet.message(.stop, "f-2", game: "g", #""stop_timeout_seconds":\#(timeout)"#))
                let victim = try await fleet.runner(of: "f-2")
                try await eventually("the stop to be on its way", until: { $0["_stop"] != nil }) {
                    try await fleet.record(of: "f-2")
                }
                victim.process.signal(signal)
                let result = try await fleet.result(of: "f-2", within: .seconds(60))
                #expect(result.effect == .stopped && result.fields["forced"] == "true", "\(result.fields)")
                #expect(result.fields["worker"].map(victim.isWorker) == false)
                let events = try await fleet.events(ofGame: "g", until: ["started", "exited"])
                #expect(events.last?["reason"] == "stopped_forced" && events.last?["exit_code"] == "137")
                #expect(events.allSatisfy { $0["container_id"] == id.text })
            }
        }
    }
}
