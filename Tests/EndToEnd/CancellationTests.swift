import Foundation
import JobContract
import Primitives
import Support
import Testing

extension Deployment {
    @Suite("Cancelling a start", .engineWorld, .timeLimit(.minutes(10)))
    struct CancellationTests {
        /// What cancels, as a message for the game.
        @Test("ends the start within 2 s while it pulls from a silent registry", arguments: [JobKind.stop, .remove])
        func pulling(_ kind: JobKind) async throws {
            try await SilentServer.with { registry in
                let settings = ["RTM_ALLOWED_IMAGES": "127.0.0.1:*/**"]
                try await Fleet.with(settings: settings, world: try #require(EngineWorld.current)) { fleet in
                    let image = "127.0.0.1:\(registry.port)/engine:1"
                    let start = Fleet.message(.start, "s", game: "g", #""image":"\#(image)","pull_policy":"always""#)
                    try await fleet.push(start, Fleet.message(.start, "other", game: "h", #""image":"\#(image)""#))
                    try await eventually("the registry to be asked", until: { $0 > 0 }) { registry.connections }
                    let begin = Date().timeIntervalSince1970
                    let force = kind == .remove ? #""force":true"# : ""
                    try await fleet.push(Fleet.message(kind, "t", game: "g", force))
                    let cancelled = try await fleet.result(of: "s")
                    #expect(cancelled.outcome == .superseded)
                    let end = try #require(cancelled.fields["finished_at"].flatMap { Timestamp(rfc3339: $0) })
                    #expect(Double(end.millisecondsSinceEpoch) / 1_000 - begin < 2)
                    #expect(try await fleet.result(of: "t").effect == .alreadyAbsent)
                    // It goes on for whoever else waits for the image, and no container was left.
                    #expect(try await fleet.record(of: "other")["state"] == "running")
                    #expect(try await fleet.containers().isEmpty)
                }
            }
        }

        @Test("does not happen by a guarded stop, or by a remove without force")
        func notCancelled() async throws {
            try await Fleet.with(world: try #require(EngineWorld.current)) { fleet in
                let guardID = #""container_id":"\#(String(repeating: "a", count: 64))""#
                try await fleet.push(fleet.start("s", game: "g"))
                // A start that waits would be made pointless by the remove; one that runs is not.
                _ = try await fleet.runner(of: "s")
                try await fleet.push(
                    Fleet.message(.stop, "t", game: "g", guardID),
                    Fleet.message(.remove, "r", game: "g")
                )
                #expect(try await fleet.result(of: "s").effect == .started)
                #expect(try await fleet.result(of: "t").errorCode == "stale_container")
                #expect(try await fleet.result(of: "r").errorCode == "container_running")
            }
        }
    }
}
