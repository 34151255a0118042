import Foundation
import JobContract
import Primitives
import Redis
import Support
import Testing

extension Deployment {
    @Suite("A fleet that accepts only signed jobs", .engineWorld, .timeLimit(.minutes(5)))
    struct SigningTests {
        private func with(_ body: @Sendable (Fleet, JobSigner, _ keyFile: String) async throws -> Void) async throws {
            let directory = try temporaryDirectory("keys")
            defer { try? FileManager.default.removeItem(atPath: directory) }
            let file = directory + "/keys"
            try Data("k1:0123456789abcdef\n".utf8).write(to: URL(fileURLWithPath: file))
            let settings = ["RTM_SIGNING_KEY_FILE": file]
            try await Fleet.with(settings: settings, world: try #require(EngineWorld.current)) { fleet in
                let keys = try SigningKeys(lines: Array("k1:0123456789abcdef".utf8))
                try await body(fleet, JobSigner(keys, namespace: fleet.keys.namespace), file)
            }
        }

        /// Now, as a member of a message.
        private var time: String {
            #""enqueued_at":"\#(Timestamp(seconds: Int64(Date().timeIntervalSince1970)).rfc3339)""#
        }

        @Test("runs jobs that its key signed for this namespace; the command line signs jobs")
        func signed() async throws {
            try await with { fleet, signer, _ in
                let result = try await fleet.finish("s-1", signer.sign(fleet.start("s-1", game: "g", time)))
                #expect(result.effect == .started, "\(result.fields)")
                let output = try await fleet.run("stop", "g", "--wait")
                #expect(output.exitCode == 0, "\(output.errors)")
                let other = JobSigner(
                    try SigningKeys(lines: Array("k1:0123456789abcdef".utf8)),
                    namespace: "another"
                )
                try await fleet.push(other.sign(fleet.start("s-2", game: "h", time)))
                try await fleet.push(fleet.start("s-3", game: "h", time))
                try await eventually("two rejections", until: { $0 == 2 }) {
                    try await fleet.results().count { $0.errorCode == "bad_signature" }
                }
                let containers = try await fleet.containers()
                #expect(containers.count == 1)
            }
        }

        @Test("does not run a forged command in a later restart")
        func plantedStart() async throws {
            try await with { fleet, signer, _ in
                let first = try await fleet.finish("s-1", signer.sign(fleet.start("s-1", game: "g", time)))
                #expect(first.effect == .started)
                let key = RedisArgument.string(fleet.keys.prefix + "spec:g")
                let kept = try await fleet.client.send(RedisCommand("GET", key)).string
                #expect(kept?.contains(#""key":"k1""#) == true)
                let planted = fleet.start("evil", game: "g", #""cmd":["/bin/busybox","sleep","77"]"#)
                _ = try await fleet.client.send(RedisCommand("SET", key, .string(planted)))
                let refused = try await fleet.finish(
                    "r-1",
                    signer.sign(Fleet.message(.restart, "r-1", game: "g", time))
                )
                #expect(refused.outcome == .failed && refused.errorCode == "bad_signature", "\(refused.fields)")
                _ = try await fleet.client.send(RedisCommand("SET", key, .string(kept ?? "")))
                let restarted = try await fleet.finish(
                    "r-2",
                    signer.sign(Fleet.message(.restart, "r-2", game: "g", time))
                )
                #expect(restarted.effect == .started, "\(restarted.fields)")
            }
        }

        @Test("accepts jobs of an old key as long as the file has the key")
        func rotation() async throws {
            try await with { fleet, signer, file in
                let waiting = signer.sign(fleet.start("s-1", game: "g", time))
                fleet.workers.first?.process.signal(SIGTERM)
                _ = await fleet.workers.first?.process.waitForExit()
                try await fleet.push(waiting)
                try Data("k2:fedcba9876543210\nk1:0123456789abcdef\n".utf8).write(to: URL(fileURLWithPath: file))
                try await fleet.startWorker()
                let result = try await fleet.result(of: "s-1")
                #expect(result.effect == .started, "\(result.fields)")
            }
        }
    }
}
