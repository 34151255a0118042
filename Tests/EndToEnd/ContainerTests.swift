import Foundation
import JobContract
import Primitives
import Support
import Testing

extension Deployment {
    @Suite("A started container", .engineWorld, .timeLimit(.minutes(5)))
    struct ContainerTests {
        @Test("has in `docker inspect` the values of job and settings")
        func showsWhatWasAsked() async throws {
            let settings = ["RTM_ENV_REGION": "eu", "RTM_CAP_ADD": "NET_BIND_SERVICE"]
            try await Fleet.with(settings: settings, world: try #require(EngineWorld.current)) { fleet in
                let more =
                    #""env":{"MODE":"ranked"},"labels":{"team":"red"},"#
                    + #""limits":{"cpu_quota":0.5,"memory":"64m","pids_limit":33}"#
                let result = try await fleet.finish("c-1", fleet.start("c-1", game: "arena", more))
                #expect(result.effect == .started)
                let name = fleet.containerName("arena")
                let shown = try #require(try await fleet.world.engine.inspect(name))
                #expect(shown.Id == result.containerID?.text)
                #expect(shown.Name == "/\(name)")
                #expect(shown.State.Status == "running")
                // Docker leaves zeros at the end of a second's fraction out.
                let started = try #require(Timestamp(rfc3339: shown.State.StartedAt))
                #expect(started.rfc3339 == result.fields["started_at"])
                checkLimits(shown.HostConfig, cpus: 500_000_000, memory: 64 << 20, pids: 33)
                checkHardening(shown, capAdd: ["NET_BIND_SERVICE"])
                checkIdentity(shown, job: "c-1", game: "arena", fleet)
                #expect(shown.Config.Labels?["team"] == "red")
                let env = shown.Config.Env ?? []
                let wanted = [
                    "MODE=ranked", "REGION=eu", "GAME_STATE_PATH=/var/lib/galaxy", "STORAGE_PATH=/var/lib/galaxy",
                ]
                #expect(wanted.allSatisfy(env.contains))
                try checkState(shown, game: "arena", fleet)
            }
        }

        @Test("has the defaults of the contract for everything that the job omits")
        func hasDefaults() async throws {
            try await Fleet.with(world: try #require(EngineWorld.current)) { fleet in
                #expect(try await fleet.finish("c-2", fleet.start("c-2", game: "plain")).effect == .started)
                let shown = try #require(try await fleet.world.engine.inspect(fleet.containerName("plain")))
                checkLimits(shown.HostConfig, cpus: 1_000_000_000, memory: 512 << 20, pids: 512)
                checkHardening(shown, capAdd: [])
                #expect(shown.HostConfig.LogConfig.Type == "json-file")
                #expect(shown.HostConfig.LogConfig.Config == ["max-size": "10m", "max-file": "3"])
                #expect(shown.Config.Cmd == TestImage.idle)
            }
        }

        @Test("uses limits and port of the image's labels, and the operator's settings before all others")
        func takesLabels() async throws {
            let world = try #require(EngineWorld.current)
            let image = "\(world.prefix)-labelled:1"
            let labels = ["com.galaxy.memory": "48m", "com.galaxy.cpu_quota": "0.25", "com.galaxy.port": "9001"]
            try await TestImage.make(image, on: world.engine, labels: labels)
            let settings = [
                "RTM_LOG_OPTS": "max-size=1m", "RTM_READ_ONLY_ROOTFS": "true", "RTM_USER": "1234:1234",
                "RTM_PIDS_LIMIT": "44", "RTM_STATE_MOUNT": "/data",
            ]
            try await Fleet.with(settings: settings, world: world) { fleet in
                let result = try await fleet.finish("c-3", fleet.start("c-3", game: "tuned", image: image))
                #expect(result.engineEndpoint == "http://\(fleet.containerName("tuned")):9001")
                let shown = try #require(try await world.engine.inspect(fleet.containerName("tuned")))
                checkLimits(shown.HostConfig, cpus: 250_000_000, memory: 48 << 20, pids: 44)
                #expect(shown.HostConfig.LogConfig.Config == ["max-size": "1m"])
                #expect(shown.HostConfig.ReadonlyRootfs)
                #expect(shown.Config.User == "1234:1234")
                #expect(shown.Mounts.first?.Destination == "/data")
                #expect(shown.Config.Env?.contains("STORAGE_PATH=/data") == true)
            }
        }

        @Test("mounts only what the operator allows")
        func mounts() async throws {
            let root = try temporaryDirectory("mounts")
            defer { try? FileManager.default.removeItem(atPath: root) }
            try FileManager.default.createDirectory(atPath: "\(root)/a", withIntermediateDirectories: false)
            let settings = ["RTM_ALLOWED_MOUNT_ROOTS": root]
            try await Fleet.with(settings: settings, world: try #require(EngineWorld.current)) { fleet in
                let allowed = #""bind_mounts":[{"host_path":"\#(root)/a","mount_path":"/maps","read_only":true}]"#
                let result = try await fleet.finish("m-1", fleet.start("m-1", game: "maps", allowed))
                #expect(result.effect == .started, "\(result.error ?? "")")
                let shown = try #require(try await fleet.world.engine.inspect(fleet.containerName("maps")))
                let mount = shown.Mounts.first { $0.Destination == "/maps" }
                #expect(mount?.volume == "\(root)/a:/maps:ro")
                for (index, path) in ["/etc", root, "\(root)/../x", "/", "\(root)/a/b"].enumerated() {
                    let more = #""bind_mounts":[{"host_path":"\#(path)","mount_path":"/maps"}]"#
                    let id: JobID = "m-bad-\(index)"
                    let result = try await fleet.finish(id, fleet.start(id, game: "bad", more))
                    #expect(result.outcome == .rejected, "\(path)")
                    #expect(["mount_not_allowed", "invalid_job"].contains(result.errorCode ?? ""), "\(path)")
                }
            }
        }

        private func checkLimits(_ host: ContainerSettings.HostSection, cpus: Int64, memory: Int64, pids: Int64) {
            #expect(host.NanoCpus == cpus)
            #expect(host.Memory == memory)
            #expect(host.MemorySwap == memory)
            #expect(host.PidsLimit == pids)
        }

        private func checkHardening(_ shown: ContainerSettings, capAdd: [String]) {
            let host = shown.HostConfig
            #expect(host.SecurityOpt?.contains { $0.hasPrefix("no-new-privileges") } == true)
            #expect(host.CapDrop == ["ALL"])
            let added = (host.CapAdd ?? []).map { $0.hasPrefix("CAP_") ? String($0.dropFirst(4)) : $0 }
            #expect(added == capAdd)
            #expect(host.Init == true)
            #expect(host.RestartPolicy.Name == "no" || host.RestartPolicy.Name.isEmpty)
            #expect(!host.Privileged)
            for mode in [host.PidMode, host.IpcMode, host.UTSMode, host.NetworkMode] { #expect(mode != "host") }
        }

        private func checkIdentity(_ shown: ContainerSettings, job: String, game: GameID, _ fleet: Fleet) {
            let name = fleet.containerName(game)
            #expect(shown.Config.Hostname == name)
            #expect(shown.Config.Image == fleet.world.image)
            #expect(Array(shown.NetworkSettings.Networks.keys) == [fleet.world.network])
            #expect(shown.NetworkSettings.Networks[fleet.world.network]?.Aliases?.contains(name) == true)
            let labels = shown.Config.Labels ?? [:]
            #expect(labels["com.galaxy.owner"] == "rtmanager")
            #expect(labels["com.galaxy.namespace"] == fleet.keys.namespace)
            #expect(labels["com.galaxy.game_id"] == game.text)
            #expect(labels["com.galaxy.job_id"] == job)
            #expect(labels["com.galaxy.spec"]?.isEmpty == false)
        }

        private func checkState(_ shown: ContainerSettings, game: GameID, _ fleet: Fleet) throws {
            let path = "\(fleet.stateRoot)/\(game)"
            #expect(shown.Mounts.map(\.volume) == ["\(path):/var/lib/galaxy:rw"])
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            #expect(attributes[.type] as? FileAttributeType == .typeDirectory)
            #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o750)
        }
    }
}
