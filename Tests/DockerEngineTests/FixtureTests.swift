import DockerPort
import Foundation
import NIOCore
import Primitives
import Testing

@testable import DockerEngine

@Suite("Responses of newer Docker Engines")
struct FixtureTests {
    /// One version's answers.
    private struct Fixture {
        var container: ContainerAnswer
        var image: ImageAnswer
        var network: NetworkAnswer
        var info: InfoAnswer
        var list: [ContainerRow]
        var events: [EventLine]
    }

    private func fixture(_ version: String) throws -> Fixture {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Fixtures")
        let data = try Data(contentsOf: folder.appendingPathComponent(version + ".json"))
        let answers = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        func bytes(_ answer: Any?) throws -> Data {
            try JSONSerialization.data(withJSONObject: try #require(answer))
        }
        func labelled<Value: LabelledAnswer>(_ type: Value.Type, _ answer: Any?) throws -> Value {
            try labelledJSON(type, from: ByteBuffer(bytes: try bytes(answer)))
        }
        func all<Value: LabelledAnswer>(_ type: Value.Type, _ name: String) throws -> [Value] {
            try #require(answers[name] as? [Any]).map { try labelled(type, $0) }
        }
        return Fixture(
            container: try labelled(ContainerAnswer.self, answers["container"]),
            image: try labelled(ImageAnswer.self, answers["image"]),
            network: try JSONDecoder().decode(NetworkAnswer.self, from: try bytes(answers["network"])),
            info: try JSONDecoder().decode(InfoAnswer.self, from: try bytes(answers["info"])),
            list: try all(ContainerRow.self, "list"),
            events: try all(EventLine.self, "events")
        )
    }

    @Test("have the same meaning as those of API 1.41", arguments: ["1.44", "1.51", "1.52"])
    func shapes(_ version: String) throws {
        let fixture = try fixture(version)
        let inspect = fixture.container.inspect
        #expect(DockerNames.isContainerID(inspect.id.text))
        #expect(inspect.name == "galaxy-game-g1" && inspect.hostname == "galaxy-game-g1")
        #expect(inspect.labels == ["com.galaxy.game_id": "g1"])
        #expect(inspect.status == "running" && inspect.health == "healthy" && inspect.finishedAt == nil)
        #expect(inspect.startedAt != nil && inspect.createdAt != nil)
        #expect(inspect.addresses["galaxy-net"]?.hasPrefix("172.") == true)
        #expect(
            fixture.container.limits
                == Limits(nanoCPUs: 500_000_000, memory: 64 << 20, memorySwap: 64 << 20, pids: 64)
        )
        #expect(fixture.container.difference(from: Samples.spec()) == nil)
        let image = fixture.image.inspect(ref: "galaxy/engine:1")
        #expect(image.hasHealthcheck && image.labels.isEmpty && image.id == inspect.imageID)
        #expect(fixture.network.name == "galaxy-net" && fixture.network.obstacle == nil)
        #expect(fixture.info.info(apiVersion: version).cpus > 0 && fixture.info.swarmState == .none)
        #expect(fixture.list.map(\.state) == ["running"])
        let events = fixture.events.compactMap(\.event)
        #expect(events.map(\.action) == ["create", "start", "health_status: healthy"])
        for event in events {
            #expect(event.containerID == inspect.id && event.name == inspect.name && event.labels == inspect.labels)
            #expect(event.occurredAt.nanoseconds > 0)
        }
    }
}
