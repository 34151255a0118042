import Primitives
import DockerPort
import NIOHTTP1
import Support
import Testing

@testable import DockerEngine

@Suite("A Docker Engine with many long labels")
struct LongListTests {
    @Test("lists all of its containers, 40 MB of them", .timeLimit(.minutes(3)))
    func all() async throws {
        try await PrivateDocker.with { docker in
            try await TestImage.make("idle:1", on: docker.engine)
            try await docker.engine.docker("network", "create", "games")
            let configuration = try DockerEngine.Configuration(environment: ["DOCKER_HOST": docker.engine.host])
            try await DockerEngine.withEngine(configuration: configuration) { engine in
                let count = 44
                for number in 0..<count {
                    try await Self.create("long-\(number)", on: engine)
                }
                let found = try await engine.list(ListFilter(labels: ["own": "yes"]))
                #expect(found.count == count)
                #expect(found.allSatisfy { $0.labels["long"]?.utf8.count == 900_000 })
            }
        }
    }

    /// Makes a container whose labels are longer than those of any that the port makes.
    private static func create(_ name: String, on engine: DockerEngine) async throws {
        var spec = Samples.spec()
        spec.name = name
        spec.image = "idle:1"
        spec.network = "games"
        spec.labels = ["own": "yes", "long": String(repeating: "x", count: 900_000)]
        let request = EngineRequest(
            .create,
            .POST,
            ["containers", "create"],
            query: [("name", name)],
            body: try encodedJSON(CreateBody(spec), operation: "test"),
            deadline: .seconds(60),
            lane: .long
        )
        _ = try await engine.transport.send(request, expecting: 201)
    }
}
