import Foundation
import JobContract
import Support
import Testing

extension Deployment {
    @Suite("The policy of the worker that runs a job", .engineWorld, .timeLimit(.minutes(5)))
    struct PolicyTests {
        private static let strict = ["RTM_ALLOWED_IMAGES": "allowed.example/**", "RTM_ALLOWED_MOUNT_ROOTS": ""]

        @Test("refuses an operator's retry of a forbidden job again")
        func deadRetry() async throws {
            try await Fleet.with(settings: Self.strict, world: try #require(EngineWorld.current)) { fleet in
                let mount = #""bind_mounts":[{"host_path":"/run","mount_path":"/host"}]"#
                let cases = [
                    ("p-image", fleet.start("p-image", game: "a"), "image_not_allowed"),
                    (
                        "p-mount", fleet.start("p-mount", game: "b", image: "allowed.example/x:1", mount),
                        "mount_not_allowed"
                    ),
                ]
                for (id, message, code) in cases {
                    let rejected = try await fleet.finish(JobID(id), message)
                    #expect(rejected.outcome == .rejected && rejected.errorCode == code)
                    let letter = try #require(try await fleet.deadLetters().first { $0["job_id"] == id })
                    #expect(letter["message"] == message)
                    let output = try await fleet.run("dead", "retry", id)
                    #expect(output.exitCode == 0, "\(output.errors)")
                    try await eventually("the second result of \(id)", until: { $0.count == 2 }) {
                        try await fleet.results().filter { $0.jobID.text == id }
                    }
                    let second = try #require(try await fleet.results().last { $0.jobID.text == id })
                    #expect(second.outcome == .failed && second.errorCode == code)
                    #expect(second.fields["run"] == "2" && second.fields["attempts"] == "1")
                }
                let containers = try await fleet.containers()
                #expect(containers.isEmpty)
            }
        }

        @Test("fails a job that a worker with another policy has admitted, without running it")
        func stricterWorker() async throws {
            let root = try temporaryDirectory("mounts")
            defer { try? FileManager.default.removeItem(atPath: root) }
            try FileManager.default.createDirectory(atPath: "\(root)/a", withIntermediateDirectories: false)
            let lax = ["RTM_ALLOWED_MOUNT_ROOTS": root, "RTM_SLOTS": "1"]
            try await Fleet.with(workers: 0, world: try #require(EngineWorld.current)) { fleet in
                let first = try await fleet.startWorker(lax)
                _ = try await fleet.finish("p-1", fleet.start("p-1", game: "holder"))
                let mount = #""bind_mounts":[{"host_path":"\#(root)/a","mount_path":"/maps"}]"#
                try await fleet.push(fleet.start("p-2", game: "waits", mount))
                try await eventually("p-2 to be admitted", until: { $0["state"] == "waiting" }) {
                    try await fleet.record(of: "p-2")
                }
                first.process.signal(SIGTERM)
                _ = await first.process.waitForExit()
                try await fleet.startWorker()
                let result = try await fleet.result(of: "p-2")
                #expect(result.outcome == .failed && result.errorCode == "mount_not_allowed", "\(result.fields)")
                #expect(result.fields["attempts"] == "1" && result.containerID == nil)
                let containers = try await fleet.containers()
                #expect(containers.count == 1)
            }
        }

        @Test("also covers the settings that a restart takes over")
        func restart() async throws {
            let label = #""labels":{"traefik.enable":"true"}"#
            try await Fleet.with(workers: 0, world: try #require(EngineWorld.current)) { fleet in
                let first = try await fleet.startWorker(["RTM_ALLOWED_LABELS": "traefik.*"])
                _ = try await fleet.finish("p-1", fleet.start("p-1", game: "g", label))
                first.process.signal(SIGTERM)
                _ = await first.process.waitForExit()
                try await fleet.startWorker()
                let result = try await fleet.finish("p-2", Fleet.message(.restart, "p-2", game: "g"))
                #expect(result.outcome == .failed && result.errorCode == "label_not_allowed", "\(result.fields)")
                let shown = try #require(try await fleet.world.engine.inspect(fleet.containerName("g")))
                #expect(shown.State.Status == "running")
            }
        }
    }
}
