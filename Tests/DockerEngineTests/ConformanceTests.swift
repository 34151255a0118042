import Primitives
import DockerEngine
import DockerPort
import Support
import Testing

@Suite("The Docker port on the fake engine")
struct FakeConformanceTests {
    @Test("keeps each rule", arguments: DockerConformance.Rule.allCases)
    func rule(_ rule: DockerConformance.Rule) async throws {
        let fake = FakeDocker()
        let labels: LabelMap = ["conformance": "yes"]
        await fake.addImage(.init("idle:1", labels: labels))
        await fake.addImage(.init("stubborn:1", labels: labels, behaviour: .ignoresTermination))
        await fake.addImage(.init("ending:1", labels: labels, behaviour: .exitsAtOnce(3)))
        await fake.addToRegistry(.init("pullable:1"))
        await fake.addNetwork("net")
        if rule == .reachesOverlays {
            await fake.setSwarm(.worker)
            await fake.addOverlay("overlay")
        }
        let environment = DockerConformance.Environment(
            image: "idle:1",
            stubbornImage: "stubborn:1",
            endingImage: "ending:1",
            pullableImage: "pullable:1",
            unknownImage: "unknown:1",
            network: "net",
            overlay: rule == .reachesOverlays ? "overlay" : nil,
            prefix: "fake",
            // Its processes are there at once.
            output: { _ in DockerConformance.greeting }
        )
        try await DockerConformance(client: fake, environment: environment).check(rule)
    }
}

@Suite("The port on a Docker Engine", .engineWorld)
struct EngineConformanceTests {
    @Test("keeps each rule", .timeLimit(.minutes(2)), arguments: DockerConformance.Rule.allCases)
    func rule(_ rule: DockerConformance.Rule) async throws {
        let world = try #require(EngineWorld.current)
        let configuration = try DockerEngine.Configuration(environment: ["DOCKER_HOST": world.engine.host])
        try await TestRegistry.with { registry in
            try await DockerEngine.withEngine(configuration: configuration) { engine in
                try await DockerConformance(client: engine, environment: world.conformance(registry)).check(rule)
            }
            _ = try? await world.engine.docker("rmi", "--force", registry.reference(.good))
        }
    }
}

@Suite("The port on Podman's socket")
struct PodmanConformanceTests {
    @Test("keeps every rule", .timeLimit(.minutes(5)))
    func rules() async throws {
        try await TestRegistry.with { registry in
            try await PrivatePodman.with(registry: registry.address) { podman in
                try await EngineWorld.with(on: podman) { world in
                    let configuration = try DockerEngine.Configuration(environment: ["DOCKER_HOST": podman.host])
                    try await DockerEngine.withEngine(configuration: configuration) { engine in
                        let conformance = DockerConformance(client: engine, environment: world.conformance(registry))
                        for rule in DockerConformance.Rule.allCases { try await conformance.check(rule) }
                    }
                }
            }
        }
    }
}
