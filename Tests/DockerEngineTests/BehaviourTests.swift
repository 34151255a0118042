import Primitives
import DockerPort
import NIOHTTP1
import Support
import Testing

@testable import DockerEngine

/// What only a real Engine does, and what follows of it; docs/reference/docker-engine.md says which behaviour is held where.
@Suite("The behaviour of a real Docker Engine that the adapter relies on", .engineWorld, .timeLimit(.minutes(3)))
struct BehaviourTests {
    private func with(_ name: String, _ body: (DockerEngine, EngineWorld, RunSpec) async throws -> Void) async throws {
        let world = try #require(EngineWorld.current)
        let configuration = try DockerEngine.Configuration(environment: ["DOCKER_HOST": world.engine.host])
        var spec = Samples.spec()
        spec.name = "\(world.prefix)-\(name)"
        spec.hostname = spec.name
        spec.image = world.image
        spec.network = world.network
        spec.memory = "16m"
        try await DockerEngine.withEngine(configuration: configuration) { try await body($0, world, spec) }
    }

    private func untilEnded(_ name: String, _ engine: DockerEngine) async throws -> ContainerInspect {
        try await eventually("the end of \(name)", until: { $0.status == "exited" }) {
            try await engine.inspectContainer(name)
        }
        return try await engine.inspectContainer(name)
    }

    @Test("a container whose network was recreated cannot be restarted, and is recreated")
    func networkRecreated() async throws {
        try await with("anew") { engine, world, spec in
            var spec = spec
            spec.network = "\(world.prefix)-second-net"
            try await world.engine.docker("network", "create", spec.network)
            let first = try await engine.run(spec).containerID
            _ = try await engine.stop(first.text, timeout: .seconds(10))
            try await world.engine.docker("network", "rm", spec.network)
            try await world.engine.docker("network", "create", spec.network)
            await #expect(throws: (any Error).self) { try await world.engine.docker("start", first.text) }
            try await engine.ensureNetwork(spec.network)
            try await engine.remove(first.text)
            let second = try await engine.run(spec).containerID
            #expect(try await engine.inspectContainer(second.text).addresses[spec.network] != nil)
            try await engine.remove(second.text)
        }
    }

    @Test("a network name matches exactly, not as the prefix of an id")
    func beginningOfNetworkID() async throws {
        try await with("prefix") { engine, world, _ in
            let id = try await world.engine.docker("network", "inspect", "--format", "{{.Id}}", world.network)
            let found = try await world.engine.docker("network", "inspect", "--format", "{{.Name}}", "\(id.prefix(12))")
            #expect(found.trimmed == world.network)
            #expect(await dockerFailure { try await engine.ensureNetwork("\(id.prefix(12))") }?.code == .networkMissing)
        }
    }

    @Test("a missing program ends the container by its init process, with a message")
    func programMissing() async throws {
        try await with("nope") { engine, _, spec in
            var spec = spec
            spec.cmd = ["/bin/nope"]
            let asked = spec
            // Whether the run still sees it end is a matter of a millisecond.
            let error = await dockerFailure { try await engine.run(asked) }
            #expect(error == nil || error?.code == .startFailed)
            let inspect = try await untilEnded(spec.name, engine)
            #expect(inspect.exitCode == 127)
        }
    }

    @Test("a container can be stopped and removed during its start")
    func duringStart() async throws {
        try await with("starting") { engine, world, spec in
            for number in 0..<4 {
                let name = "\(spec.name)-\(number)"
                try await world.engine.docker("create", "--init", "--name", name, spec.image)
                // It may come before or after the other, in the middle of a removal, or find nothing any more.
                async let start = dockerFailure {
                    let path = ["containers", name, "start"]
                    let request = EngineRequest(.start, .POST, path, deadline: .seconds(30), lane: .long)
                    _ = try await engine.transport.send(request, expecting: 204, 304, 404)
                }
                if number % 2 == 0 { _ = try await engine.stop(name, timeout: .seconds(10)) }
                try await engine.remove(name)
                _ = await start
                #expect(await dockerFailure { try await engine.inspectContainer(name) }?.code == .containerNotFound)
            }
        }
    }

    @Test("a paused container can be stopped")
    func paused() async throws {
        try await with("paused") { engine, world, spec in
            let id = try await engine.run(spec).containerID
            try await world.engine.docker("pause", id.text)
            #expect(try await engine.inspectContainer(id.text).status == "paused")
            #expect(try await engine.stop(id.text, timeout: .seconds(10)) == StopOutcome())
            #expect(try await engine.inspectContainer(id.text).exitCode == 143)
        }
    }

    @Test("a container keeps its image reference when the tag moves to another image")
    func untagged() async throws {
        try await with("untagged") { engine, world, spec in
            var spec = spec
            spec.image = "\(world.prefix)-moving:1"
            spec.labels["test"] = "untagged"
            try await TestImage.make(spec.image, on: world.engine)
            let id = try await engine.run(spec).containerID
            try await TestImage.make(spec.image, on: world.engine, labels: ["build": "2"])
            let listed = try await world.engine.docker("ps", "--filter", "id=\(id)", "--format", "{{.Image}}")
            #expect(!listed.contains(spec.image))
            let rows = try await engine.list(ListFilter(labels: ["test": "untagged"]))
            #expect(rows.map(\.imageRef) == [spec.image])
            #expect(try await engine.inspectContainer(id.text).imageRef == spec.image)
        }
    }

    @Test("an out-of-memory kill does not show in the next exit of the same container")
    func startedAfterOOM() async throws {
        try await with("oom-again") { engine, world, spec in
            var spec = spec
            let eat = "exec /bin/dd if=/dev/zero of=/dev/null bs=64M"
            spec.cmd = ["/bin/sh", "-c", "sleep 1; [ -e /tmp/again ] && exec sleep 1000; echo > /tmp/again; \(eat)"]
            var id = try await engine.run(spec).containerID
            // The Engine hears of the kill by an event of its own. On a busy machine that may come after the exit, and the
            // container then never shows it.
            var tries = 1
            while try await !untilEnded(id.text, engine).oomKilled, tries < 5 {
                tries += 1
                try await engine.remove(id.text)
                id = try await engine.run(spec).containerID
            }
            #expect(try await untilEnded(id.text, engine).oomKilled, "after \(tries) tries")
            try await world.engine.docker("start", id.text)
            _ = try await engine.stop(id.text, timeout: .seconds(10))
            let inspect = try await engine.inspectContainer(id.text)
            #expect(inspect.exitCode == 143 && !inspect.oomKilled)
        }
    }

    @Test("after an out-of-memory kill of a child, the exit code is that of the main process")
    func oomOfChild() async throws {
        try await with("oom-child") { engine, _, spec in
            var spec = spec
            // The Engine hears of the kill by an event of its own, which may come after an exit at once.
            spec.cmd = ["/bin/sh", "-c", "sleep 1; /bin/dd if=/dev/zero of=/dev/null bs=64M; sleep 2; exit 0"]
            let inspect = try await untilEnded(try await engine.run(spec).containerID.text, engine)
            #expect(inspect.oomKilled && inspect.exitCode == 0)
        }
    }

    @Test("an exit event means that inspect shows the exit and its code")
    func exitEvent() async throws {
        try await with("told") { engine, _, spec in
            var codes: [ContainerID: Int] = [:]
            var begin: DockerEvents?
            for number in 1...5 {
                var spec = spec
                spec.name += "-\(number)"
                spec.hostname += "-\(number)"
                spec.cmd = ["/bin/sh", "-c", "sleep 2; exit \(number)"]
                let result = try await engine.run(spec)
                codes[result.containerID] = number
                if begin == nil { begin = try await engine.eventsListen(since: result.startedAt) }
            }
            for try await event in try #require(begin) where event.action == "die" {
                guard let code = codes.removeValue(forKey: event.containerID) else { continue }
                let inspect = try await engine.inspectContainer(event.containerID.text)
                #expect(inspect.status == "exited" && inspect.exitCode == code && inspect.finishedAt != nil)
                if codes.isEmpty { break }
            }
            #expect(codes.isEmpty)
        }
    }
}
