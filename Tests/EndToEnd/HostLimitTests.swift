import Foundation
import JobContract
import Support
import Testing

extension Deployment {
    @Suite("Limits above the host's", .engineWorld, .timeLimit(.minutes(5)))
    struct HostLimitTests {
        @Test("are refused without any maximum of the operator, and a worker's own maximum may be above the host's")
        func refused() async throws {
            try await Fleet.with(workers: 0, world: try #require(EngineWorld.current)) { fleet in
                let first = try await fleet.startWorker()
                for (number, limits) in [(1, #"{"cpu_quota":1000}"#), (2, #"{"memory":"1000000g"}"#)] {
                    let more = #""limits":\#(limits)"#
                    let message = fleet.start("h-\(number)", game: "h-\(number)", more)
                    let result = try await fleet.finish("h-\(number)", message)
                    #expect(result.outcome == .rejected, "\(result.fields)")
                    #expect(result.errorCode == "limit_exceeded", "\(result.fields)")
                }
                first.process.signal(SIGTERM)
                _ = await first.process.waitForExit()
                // With more than the host has, the Engine itself decides.
                try await fleet.startWorker(["RTM_MAX_CPU_QUOTA": "1024", "RTM_MAX_MEMORY": "2000000g"])
                let more = #""limits":{"cpu_quota":1000},"max_attempts":1"#
                let result = try await fleet.finish("h-3", fleet.start("h-3", game: "h-3", more))
                #expect(result.outcome == .failed, "\(result.fields)")
                #expect(result.errorCode == "invalid_spec", "\(result.fields)")
                let containers = try await fleet.containers()
                #expect(containers.isEmpty)
            }
        }
    }
}
