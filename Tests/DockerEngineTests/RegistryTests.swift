import Primitives
import DockerPort
import Foundation
import Support
import Synchronization
import Testing

@testable import DockerEngine

@Suite("A pull by a real Docker Engine", .engineWorld, .timeLimit(.minutes(3)))
struct RegistryTests {
    private func with(
        deadlines: DockerEngine.Deadlines = .init(),
        registryFile: String? = nil,
        helperPath: String? = nil,
        isLocked: Bool = false,
        _ body: (DockerEngine, TestRegistry) async throws -> Void
    ) async throws {
        let world = try #require(EngineWorld.current)
        var configuration = try DockerEngine.Configuration(environment: ["DOCKER_HOST": world.engine.host])
        configuration.deadlines = deadlines
        configuration.registryFile = registryFile
        configuration.helperPath = helperPath
        try await TestRegistry.with(isLocked: isLocked) { registry in
            try await DockerEngine.withEngine(configuration: configuration) { try await body($0, registry) }
            for fault in TestRegistry.Fault.allCases {
                _ = try? await world.engine.docker("rmi", "--force", registry.reference(fault))
            }
        }
    }

    private func isAbsent(_ reference: String, _ engine: DockerEngine) async -> Bool {
        await dockerFailure { try await engine.inspectImage(reference) }?.code == .imageNotFound
    }

    @Test("brings the image, and reports progress")
    func good() async throws {
        let reported = Mutex<[PullProgress]>([])
        try await with { engine, registry in
            let reference = registry.reference(.good)
            #expect(await isAbsent(reference, engine))
            try await engine.pullImage(reference, policy: .ifMissing) { progress in
                reported.withLock { $0.append(progress) }
            }
            #expect(try await engine.inspectImage(reference).labels == ["made": "here"])
            let count = registry.requests.count
            try await engine.pullImage(reference, policy: .ifMissing, progress: nil)
            #expect(registry.requests.count == count)
            try await engine.pullImage(reference, policy: .always, progress: nil)
            #expect(registry.requests.count > count)
        }
        let last = reported.withLock { $0.last }
        #expect(last?.layers == 1 && last?.layersDone == 1)
        #expect((last?.bytesTotal ?? 0) > 200_000 && last?.bytesDone == last?.bytesTotal)
    }

    @Test("brings an image from a real registry, by tag and by digest")
    func distribution() async throws {
        let world = try #require(EngineWorld.current)
        let configuration = try DockerEngine.Configuration(environment: ["DOCKER_HOST": world.engine.host])
        try await DistributionRegistry.with { registry in
            let reference = "\(registry.address)/team/engine:1.2"
            let name = "\(world.prefix)-layered"
            try await world.engine.docker("run", "--name", name, world.image, "/bin/sh", "-c", "echo x > /tmp/second")
            try await world.engine.docker("commit", "--change", "LABEL made=there", name, reference)
            try await world.engine.docker("push", reference)
            let format = "{{index .RepoDigests 0}}"
            let digest = try await world.engine.docker("inspect", "--format", format, reference).trimmed
            try await world.engine.docker("rmi", "--force", reference)
            try await DockerEngine.withEngine(configuration: configuration) { engine in
                #expect(await isAbsent(reference, engine))
                let reported = Mutex<PullProgress?>(nil)
                try await engine.pullImage(reference, policy: .ifMissing) { progress in
                    reported.withLock { $0 = progress }
                }
                let last = reported.withLock { $0 }
                #expect(last?.layers == 2 && last?.layersDone == 2)
                #expect(try await engine.inspectImage(reference).labels["made"] == "there")
                try await engine.pullImage(digest, policy: .always, progress: nil)
                #expect(try await engine.inspectImage(digest).id == (try await engine.inspectImage(reference).id))
                let unknown = await dockerFailure {
                    try await engine.pullImage("\(registry.address)/team/none:1", policy: .ifMissing, progress: nil)
                }
                #expect(unknown?.code == .imageNotFound, "\(unknown?.description ?? "pulled")")
            }
            _ = try? await world.engine.docker("rmi", "--force", reference)
        }
    }

    @Test(
        "that the registry refuses has a reason, and says if a retry may help",
        arguments: [
            (.unknownWithDetail, .imageNotFound, false), (.unknown, .imageNotFound, false),
            (.page, .imageNotFound, false), (.deniedWithDetail, .imageAuthentication, false),
            (.denied, .imageAuthentication, false), (.busy, .rateLimited, true), (.broken, .pullFailed, true),
            (.corrupt, .pullFailed, true),
        ] as [(TestRegistry.Fault, DockerError.Code, Bool)]
    )
    func refused(fault: TestRegistry.Fault, code: DockerError.Code, retryable: Bool) async throws {
        try await with { engine, registry in
            let reference = registry.reference(fault)
            let error = await dockerFailure { try await engine.pullImage(reference, policy: .always, progress: nil) }
            #expect(error?.code == code, "\(error?.description ?? "pulled")")
            #expect(error?.retryable == retryable)
            #expect(error?.operation == "pullImage")
            // Nothing that the registry said is in it.
            #expect(PullRefusal.allCases.contains { "pull: " + $0.sentence == error?.message })
            #expect(await isAbsent(reference, engine))
        }
    }

    @Test("is retryable if there is no registry at the address")
    func nobody() async throws {
        try await with { engine, _ in
            for host in ["127.0.0.1:\(try FreePort.find())", "registry.invalid"] {
                let error = await dockerFailure {
                    try await engine.pullImage("\(host)/engine:1", policy: .ifMissing, progress: nil)
                }
                #expect(error?.code == .pullFailed, "\(error?.description ?? "pulled")")
                #expect(error?.retryable == true)
            }
        }
    }

    @Test(
        "without progress is ended by a deadline",
        arguments: [
            (.silent, "did not answer"), (.stalled, "nothing more came"), (.truncated, "longer than allowed"),
        ] as [(TestRegistry.Fault, String)]
    )
    func deadlines(fault: TestRegistry.Fault, part: String) async throws {
        var deadlines = DockerEngine.Deadlines()
        if fault == .silent { deadlines.pullFirstByte = .seconds(2) }
        if fault == .stalled { deadlines.pullInactivity = .seconds(2) }
        if fault == .truncated { deadlines.pullTotal = .seconds(6) }
        try await with(deadlines: deadlines) { engine, registry in
            let reference = registry.reference(fault)
            let error = await dockerFailure { try await engine.pullImage(reference, policy: .always, progress: nil) }
            #expect(error?.code == .timeout)
            #expect(error?.retryable == true)
            #expect(error?.message.contains(part) == true, "\(error?.description ?? "pulled")")
            #expect(await isAbsent(reference, engine))
        }
    }

    @Test("is shared by all callers for one image, and ends with the last caller")
    func shared() async throws {
        try await with { engine, registry in
            let stalled = registry.reference(.stalled)
            let errors = try await withThrowingTaskGroup(of: DockerError?.self) { group in
                for _ in 0..<6 {
                    group.addTask {
                        await dockerFailure { try await engine.pullImage(stalled, policy: .always, progress: nil) }
                    }
                }
                try await eventually("a request for a layer", until: { $0.contains { $0.contains("/blobs/") } }) {
                    registry.requests
                }
                group.cancelAll()
                return try await group.reduce(into: []) { $0.append($1?.code) }
            }
            #expect(errors == Array(repeating: .cancelled, count: 6))
            let manifests = registry.requests.count { $0.hasPrefix("GET /v2/stalled/manifests/") }
            #expect(manifests == 1)
            #expect(await isAbsent(stalled, engine))
            try await eventually("the end of the pull") { engine.pulls.isIdle }
        }
    }

    @Test("requests one tag only, and none if the policy forbids the pull")
    func oneTag() async throws {
        try await with { engine, registry in
            let untagged = "\(registry.address)/unknown"
            let never = await dockerFailure {
                try await engine.pullImage(untagged, policy: .never, progress: nil)
            }
            #expect(never?.code == .imageNotFound)
            #expect(registry.requests.isEmpty)
            let always = await dockerFailure {
                try await engine.pullImage(untagged, policy: .always, progress: nil)
            }
            #expect(always?.message.hasPrefix("pull: ") == true, "\(always?.description ?? "pulled")")
            let requests = registry.requests
            #expect(requests.contains { $0.hasSuffix("/v2/unknown/manifests/latest") }, "\(requests)")
            #expect(!requests.contains { $0.contains("tags/list") })
        }
    }

    @Test("of an image for another CPU cannot be run, and leaves nothing behind")
    func foreign() async throws {
        let world = try #require(EngineWorld.current)
        try await with { engine, registry in
            var spec = Samples.spec()
            spec.name = "\(world.prefix)-foreign"
            spec.image = registry.reference(.foreign)
            spec.network = world.network
            try await engine.pullImage(spec.image, policy: .always, progress: nil)
            let (asked, name) = (spec, spec.name)
            let error = await dockerFailure { try await engine.run(asked) }
            #expect(error?.code == .startFailed, "\(error?.description ?? "ran")")
            #expect(error?.message.contains("another machine") == true)
            #expect(await dockerFailure { try await engine.inspectContainer(name) }?.code == .containerNotFound)
        }
    }

    @Test("sends the credentials of `docker login`, from the file or a helper")
    func credentials() async throws {
        let directory = try temporaryDirectory("docker-config")
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let file = directory + "/config.json"
        let helper = "docker-credential-rtm-\(UUID().uuidString.prefix(6).lowercased())"
        let program = directory + "/" + helper
        try await with(registryFile: file, helperPath: directory + ":/usr/bin:/bin", isLocked: true) {
            engine,
            registry in
            let reference = registry.reference(.good)
            func code() async -> DockerError.Code? {
                await dockerFailure { try await engine.pullImage(reference, policy: .always, progress: nil) }?.code
            }
            func write(_ text: String) throws { try Data(text.utf8).write(to: URL(fileURLWithPath: file)) }
            #expect(await code() == .imageAuthentication)
            for (password, expected) in [("secret", nil), ("wrong", .imageAuthentication)]
                as [(String, DockerError.Code?)]
            {
                let auth = Data("ann:\(password)".utf8).base64EncodedString()
                try write(#"{"auths":{"\#(registry.address)":{"auth":"\#(auth)"}}}"#)
                let found = await code()
                #expect(found == expected)
            }
            let script = """
                #!/bin/sh
                [ "$1" = get ] && [ "$(cat)" = "\(registry.address)" ] || { echo credentials not found; exit 1; }
                echo '{"ServerURL":"x","Username":"ann","Secret":"secret"}'
                """
            try Data(script.utf8).write(to: URL(fileURLWithPath: program))
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: program)
            let name = helper.dropFirst("docker-credential-".count)
            try write(#"{"credHelpers":{"\#(registry.address)":"\#(name)"}}"#)
            #expect(await code() == nil)
            try write(#"{"credsStore":"no-such-helper-here"}"#)
            #expect(await code() == .imageAuthentication)
        }
    }
}
