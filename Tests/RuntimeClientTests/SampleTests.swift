import Foundation
import JobContract
import Redis
import Support
import Testing

@Suite("The sample code of the producers' page", .timeLimit(.minutes(1)))
struct SampleTests {
    @Test("runs as printed")
    func runs() async throws {
        try await ClientWorld.with { world in
            let notes = Notes()
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    try await play("lobby", redis: world.redis.url, logger: ClientWorld.logger, tell: notes.add)
                }
                group.addTask {
                    // What a worker does.
                    try await eventually("the start", until: { $0.count == 1 }) { try await world.messages() }
                    try await world.publish("started", game: "lobby")
                    try await world.end("start-lobby", game: "lobby")
                    try await eventually("the event", until: { $0.contains("started ") }) { notes.all }
                    try await eventually("the stop", until: { $0.count == 2 }) { try await world.messages() }
                    try await world.end("stop-lobby", .stop, game: "lobby")
                    try await eventually("the removal", until: { $0.count == 3 }) { try await world.messages() }
                    try await world.end("remove-lobby", .remove, game: "lobby")
                }
                try await group.waitForAll()
            }
            #expect(notes.all == ["runs at ", "started "])
            #expect(try await world.messages().count == 3)
        }
    }

    @Test("is on the page as compiled")
    func isInThePage() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let source = try String(
            contentsOf: root.appending(path: "Tests/RuntimeClientTests/Sample.swift"),
            encoding: .utf8
        )
        let page = try String(contentsOf: root.appending(path: "docs/guide/producers.md"), encoding: .utf8)
        let sample = source.replacing("// sample begins\n", with: "").replacing("// sample ends\n", with: "")
        #expect(page.contains("```swift\n\(sample)```"))
    }
}
