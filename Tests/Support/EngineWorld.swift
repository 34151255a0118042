import Foundation
import Primitives
import Testing

/// What a suite has on an Engine for itself: images, a network, and a prefix for the names of containers. All of
/// it is removed in the end, containers of that prefix included.
package struct EngineWorld: Sendable {
    package let engine: TestEngine
    /// Begins every name in it; unique.
    package let prefix: String

    /// Runs until SIGTERM.
    package var image: String { "\(prefix)-idle:1" }
    /// Runs on on SIGTERM.
    package var stubbornImage: String { "\(prefix)-stubborn:1" }
    /// Ends at once with code 3.
    package var endingImage: String { "\(prefix)-ending:1" }
    /// A network of its own.
    package var network: String { "\(prefix)-net" }
    /// The same for the conformance suite.
    package func conformance(_ registry: TestRegistry) -> DockerConformance.Environment {
        .init(
            image: image,
            stubbornImage: stubbornImage,
            endingImage: endingImage,
            pullableImage: registry.reference(.good),
            unknownImage: registry.reference(.unknown),
            network: network,
            prefix: prefix,
            output: { try await engine.docker("logs", $0.text) }
        )
    }

    /// The world of the running suite, which has the trait ``EngineWorldTrait``.
    @TaskLocal package static var current: EngineWorld?

    /// Runs `body` in a world on `engine`.
    package static func with<Value>(
        on engine: TestEngine = .fromEnvironment(),
        _ body: (EngineWorld) async throws -> Value
    ) async throws -> Value {
        try await engine.requireAnswer()
        let world = EngineWorld(engine: engine, prefix: "rtm-\(UUID().uuidString.prefix(8).lowercased())")
        do {
            try await world.make()
            let value = try await body(world)
            await world.remove()
            return value
        } catch {
            await world.remove()
            throw error
        }
    }

    private func make() async throws {
        let labels = ["conformance": "yes"]
        try await TestImage.make(image, on: engine, labels: labels)
        try await TestImage.make(stubbornImage, on: engine, command: TestImage.stubborn, labels: labels)
        try await TestImage.make(endingImage, on: engine, command: TestImage.ending(3), labels: labels)
        try await engine.docker("network", "create", network)
    }

    private func remove() async {
        do {
            try await removeContainersAndNetworks(within: .seconds(20))
            let images = try await engine.docker("images", "--format", "{{.Repository}}:{{.Tag}}")
            for image in images.split(separator: "\n") where image.hasPrefix(prefix) {
                try await engine.docker("rmi", "--force", String(image))
            }
        } catch {
            Issue.record("the test's containers, network and images could not be removed: \(error)")
        }
    }

    /// A Docker Engine may still be removing a container after it has answered. The network is in use until then.
    private func removeContainersAndNetworks(within limit: Duration) async throws {
        do {
            // Docker has no event for the moment when it releases a network.
            let what = "the removal of containers and networks"
            try await eventually(what, within: limit, every: .milliseconds(200), until: { $0 == nil }) {
                do {
                    for container in try await containers() { try await engine.docker("rm", "--force", container) }
                    for network in try await networks() { try await remove(network: network) }
                    return nil as String?
                } catch {
                    return "\(error)"
                }
            }
        } catch let error as Overdue {
            guard try await hasNothingLeft() else { throw error }
            Issue.record("Docker keeps a network without any container: \(error)", severity: .warning)
        }
    }

    /// Whether no container is left, and no network has an endpoint. An Engine may miscount the endpoints of a network
    /// whose containers were removed while they were being started, and keeps it then until it is started anew.
    private func hasNothingLeft() async throws -> Bool {
        guard try await containers().isEmpty else { return false }
        for network in try await networks() where try await !endpoints(of: network).isEmpty { return false }
        return true
    }

    private func containers() async throws -> [String] {
        try await engine.docker("ps", "--all", "--quiet", "--filter", "name=^/\(prefix)")
            .split(separator: "\n").map(String.init)
    }

    private func networks() async throws -> [String] {
        try await engine.docker("network", "ls", "--quiet", "--filter", "name=^\(prefix)")
            .split(separator: "\n").map(String.init)
    }

    private func endpoints(of network: String) async throws -> [String] {
        let format = "{{range .Containers}}{{.Name}} {{end}}"
        return try await engine.docker("network", "inspect", "--format", format, network)
            .split(whereSeparator: \.isWhitespace).map(String.init)
    }

    /// An Engine sometimes keeps the endpoint of a container that it has removed while it was being started.
    private func remove(network: String) async throws {
        for name in try await endpoints(of: network) {
            _ = try? await engine.docker("network", "disconnect", "--force", network, name)
        }
        try await engine.docker("network", "rm", network)
    }
}

/// Gives a suite an ``EngineWorld``, once for all of its tests.
package struct EngineWorldTrait: SuiteTrait, TestScoping {
    package func provideScope(
        for test: Test,
        testCase: Test.Case?,
        performing function: @Sendable @concurrent () async throws -> Void
    ) async throws {
        try await EngineWorld.with { world in
            try await EngineWorld.$current.withValue(world) { try await function() }
        }
    }
}

extension Trait where Self == EngineWorldTrait {
    /// The suite runs against a real Engine, with images and a network of its own.
    package static var engineWorld: Self { EngineWorldTrait() }
}
