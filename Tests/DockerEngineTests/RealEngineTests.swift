import Primitives
import DockerPort
import Foundation
import NIOHTTP1
import Support
import Testing

@testable import DockerEngine

@Suite("A container on a real Docker Engine", .engineWorld)
struct RealEngineTests {
    private func with(
        deadlines: DockerEngine.Deadlines = .init(),
        _ name: String,
        _ body: (DockerEngine, EngineWorld, RunSpec) async throws -> Void
    ) async throws {
        let world = try #require(EngineWorld.current)
        var configuration = try DockerEngine.Configuration(environment: ["DOCKER_HOST": world.engine.host])
        configuration.deadlines = deadlines
        var spec = Samples.spec()
        spec.name = "\(world.prefix)-\(name)"
        spec.hostname = spec.name
        spec.image = world.image
        spec.network = world.network
        spec.memory = "16m"
        try await DockerEngine.withEngine(configuration: configuration) { try await body($0, world, spec) }
    }

    @Test("has no privileges, and has the requested limits, mounts and variables")
    func hardened() async throws {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("state-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: directory.path)
        try await with("hardened") { engine, world, spec in
            var spec = spec
            spec.bindMounts = [BindMount(hostPath: directory.path, mountPath: "/var/lib/galaxy")]
            spec.hardening = Hardening(readOnlyRootfs: true, user: "1000:1000")
            _ = try await engine.run(spec)
            func sh(_ command: String) async throws -> String {
                try await world.engine.docker("exec", spec.name, "/bin/sh", "-c", command)
            }
            let status = try await sh("cat /proc/self/status")
            #expect(status.contains("CapEff:\t0000000000000000"))
            #expect(status.contains("CapBnd:\t0000000000000000"))
            #expect(status.contains("NoNewPrivs:\t1"))
            #expect(try await sh("id -u").hasPrefix("1000"))
            #expect(try await sh("(echo x > /y) 2>/dev/null || echo refused") == "refused\n")
            #expect(try await sh("echo x > /tmp/y && cat /tmp/y") == "x\n")
            #expect(try await sh("echo kept > /var/lib/galaxy/file; echo $A$B") == "12\n")
            #expect(try String(contentsOf: directory.appendingPathComponent("file"), encoding: .utf8) == "kept\n")
            #expect(try await sh("cat /proc/1/cmdline").contains("init"))
            #expect(try await sh("ulimit -c; ulimit -Hc") == "0\n0\n")
            // An Engine that may not raise the bound gives its own, which is lower.
            let openFiles = try await sh("ulimit -Hn").split(separator: "\n").first.flatMap { Int($0) }
            #expect((1...65_536).contains(openFiles ?? 0))
            #expect(try await sh("cat /proc/1/oom_score_adj") == "500\n")
            let ours = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/ns/cgroup")
            #expect(try await sh("/bin/busybox readlink /proc/1/ns/cgroup") != ours + "\n")
            let mounts = try await engine.inspectContainer(spec.name).mounts
            #expect(mounts == spec.bindMounts)
            let answer = try await engine.inspected(spec.name, caller: "test")
            #expect(answer.limits == Limits(nanoCPUs: 500_000_000, memory: 16 << 20, memorySwap: 16 << 20, pids: 64))
        }
    }

    @Test("is killed above its memory limit, and has no swap")
    func outOfMemory() async throws {
        try await with("oom") { engine, _, spec in
            var spec = spec
            // The shell outlives the kill. A busy Docker Engine misses the kill if the container ends with it.
            let kill = "dd if=/dev/zero of=/dev/null bs=64M count=4"
            spec.cmd = ["/bin/sh", "-c", "sleep 1; \(kill); code=$?; sleep 2; exit $code"]
            _ = try await engine.run(spec)
            let name = spec.name
            let inspect = try await eventually("the kill of \(name)", until: { $0.status == "exited" && $0.oomKilled })
            {
                try await engine.inspectContainer(name)
            }
            #expect(inspect.exitCode == 137)
        }
    }

    @Test("cannot hide its exit code behind a label")
    func forgedExitCode() async throws {
        try await with("forged") { engine, _, spec in
            var spec = spec
            spec.labels["exitCode"] = "0"
            spec.cmd = ["/bin/sh", "-c", "sleep 1; exit 42"]
            _ = try await engine.run(spec)
            let name = spec.name
            try await eventually("the end of \(name)", until: { $0.status == "exited" }) {
                try await engine.inspectContainer(name)
            }
            #expect(try await engine.inspectContainer(name).exitCode == 42)
        }
    }

    @Test("reports its health by inspect and by an event")
    func health() async throws {
        try await with("health") { engine, world, spec in
            var spec = spec
            spec.image = "\(world.prefix)-health:1"
            let check = "HEALTHCHECK --interval=1s --timeout=1s --retries=1 CMD [\"/bin/busybox\",\"true\"]"
            try await TestImage.make(spec.image, on: world.engine, changes: [check])
            #expect(try await engine.inspectImage(spec.image).hasHealthcheck)
            let result = try await engine.run(spec)
            let events = try await engine.eventsListen(since: result.startedAt)
            let name = spec.name
            #expect(["starting", "healthy"].contains(try await engine.inspectContainer(name).health))
            try await eventually("health", until: { $0.health == "healthy" }) {
                try await engine.inspectContainer(name)
            }
            try await engine.remove(name)
            var actions: [String] = []
            for try await event in events where event.containerID == result.containerID {
                actions.append(event.action)
                if event.action == "destroy" { break }
            }
            #expect(actions.contains("health_status: healthy"))
            #expect(!actions.contains { $0.hasPrefix("exec_") })
        }
    }

    @Test("has at most one health check a second, and keeps the image's other check settings")
    func quickHealthcheck() async throws {
        try await with("quick-health") { engine, world, spec in
            var spec = spec
            spec.image = "\(world.prefix)-quick-health:1"
            let check = "HEALTHCHECK --interval=1ms --timeout=3s --retries=4 CMD [\"/bin/busybox\",\"true\"]"
            try await TestImage.make(spec.image, on: world.engine, changes: [check])
            spec.healthcheck = try await engine.inspectImage(spec.image).slowedHealthcheck
            _ = try await engine.run(spec)
            let shown = try await engine.inspected(spec.name, caller: "test").config?.healthcheck
            #expect(shown?.port.interval == .seconds(1) && shown?.port.timeout == .seconds(3))
            #expect(shown?.port.retries == 4 && shown?.test == ["CMD", "/bin/busybox", "true"])
            let name = spec.name
            try await eventually("health", until: { $0.health == "healthy" }) {
                try await engine.inspectContainer(name)
            }
        }
    }

    @Test("answers on its network under its hostname")
    func alias() async throws {
        try await with("alias") { engine, world, spec in
            _ = try await engine.run(spec)
            var other = spec
            other.name += "-2"
            other.hostname = "another-host"
            _ = try await engine.run(other)
            let address = try await engine.inspectContainer(other.name).addresses[world.network]
            let found = try await world.engine.docker("exec", spec.name, "/bin/busybox", "nslookup", "another-host")
            #expect(found.contains(try #require(address)))
        }
    }

    @Test("leaves nothing behind if the Docker Engine refuses it or cannot start it")
    func refused() async throws {
        try await with("refused") { engine, _, spec in
            var noSource = spec
            noSource.bindMounts = [BindMount(hostPath: "/nonexistent/source", mountPath: "/data")]
            var badOption = spec
            badOption.logOpts = ["max-size": "bogus"]
            for (spec, codes) in [
                (noSource, [DockerError.Code.invalidSpec]), (badOption, [.startFailed, .invalidSpec]),
            ] {
                let error = await dockerFailure { try await engine.run(spec) }
                #expect(error.map { codes.contains($0.code) } == true, "\(error?.description ?? "accepted")")
                #expect(error?.mayHaveHappened == false)
                #expect(
                    await dockerFailure { try await engine.inspectContainer(spec.name) }?.code == .containerNotFound
                )
            }
        }
    }

    @Test("is removed if it appears after its create request was abandoned")
    func abandonedCreate() async throws {
        var deadlines = DockerEngine.Deadlines()
        deadlines.create = .milliseconds(2)
        try await with(deadlines: deadlines, "abandoned") { engine, _, spec in
            _ = try await engine.info()
            for number in 0..<5 {
                var spec = spec
                spec.name += "-\(number)"
                let error = await dockerFailure { try await engine.run(spec) }
                #expect(error?.code == .timeout)
                let left = await dockerFailure { try await engine.inspectContainer(spec.name) }
                #expect(left?.code == .containerNotFound)
            }
        }
    }

    @Test("is not left behind if its run is cancelled at any moment")
    func cancelledAnywhere() async throws {
        try await with("cancelled") { engine, _, spec in
            for number in 0..<8 {
                var spec = spec
                spec.name += "-\(number)"
                let moment = Duration.milliseconds(number * 25)
                let (asked, name) = (spec, spec.name)
                let error = await withTaskGroup(of: DockerError?.self) { group in
                    group.addTask { await dockerFailure { try await engine.run(asked) } }
                    try? await pause(moment, because: "each round cancels at another moment")
                    group.cancelAll()
                    return await group.next() ?? nil
                }
                if error == nil { continue }
                #expect(error?.code == .cancelled)
                #expect(await dockerFailure { try await engine.inspectContainer(name) }?.code == .containerNotFound)
            }
        }
    }

    @Test("does not wait for a slow reader of events, and the reader misses none")
    func idleReader() async throws {
        try await with("idle-reader") { engine, _, spec in
            let result = try await engine.run(spec)
            let events = try await engine.eventsListen(since: result.startedAt)
            // An Engine that renames what runs may lock itself up where another container leaves the same network.
            _ = try await engine.stop(result.containerID.text, timeout: .seconds(10))
            // Far more than the Engine holds for one subscriber, while nobody reads. To rename is the cheapest event.
            let count = 1_500
            let begun = ContinuousClock.now
            for number in 0..<count {
                let name = "\(spec.name)-\(number % 2)"
                let path = ["containers", result.containerID.text, "rename"]
                let rename = EngineRequest(.kill, .POST, path, query: [("name", name)], deadline: .seconds(10))
                _ = try await engine.transport.send(rename, expecting: 204)
            }
            // For a reader that stands still the Engine would wait 100 ms an event.
            #expect(ContinuousClock.now - begun < .seconds(100))
            var seen = 0
            for try await event in events where event.containerID == result.containerID && event.action == "rename" {
                seen += 1
                if seen == count { break }
            }
            #expect(seen == count)
        }
    }
}
