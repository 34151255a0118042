import Primitives
import DockerPort
import Support
import Synchronization
import Testing

@testable import DockerEngine

@Suite("A removal")
struct RemoveTests {
    private static let remove = "DELETE /containers/\(Samples.id)"
    private static let inspect = "GET /containers/\(Samples.id)/json"
    private static let absent = StubEngine.Reply.answer(404, Samples.message("No such container"))
    private static let present = StubEngine.Reply.answer(200, Samples.inspect(status: "removing"))
    private static let inProgress = StubEngine.Reply.answer(
        409,
        Samples.message("removal of container x is already in progress")
    )

    private func remove(_ replies: [String: [StubEngine.Reply]]) async throws -> (DockerError?, [StubEngine.Request]) {
        var deadlines = DockerEngine.Deadlines()
        deadlines.remove = .seconds(2)
        deadlines.removeInProgress = .seconds(3)
        let script = Script(replies)
        var answer: (DockerError?, [StubEngine.Request]) = (nil, [])
        try await StubEngine.with(settings: .init(deadlines: deadlines)) {
            script.next($0.line)
        } _: { engine, stub in
            answer = (await dockerFailure { try await engine.remove(Samples.id.text) }, stub.requests)
        }
        return answer
    }

    @Test("succeeds if the container disappears, or is already gone", arguments: [204, 404])
    func once(status: Int) async throws {
        let (error, requests) = try await remove([Self.remove: [.answer(status)]])
        #expect(error == nil)
        #expect(requests.map(\.target) == ["/v1.41/containers/\(Samples.id)?force=1&v=1"])
    }

    @Test("succeeds if Podman reports in its own words that the container is gone")
    func goneMeanwhile() async throws {
        let gone = StubEngine.Reply.answer(500, Samples.message("x does not exist in database: no such container"))
        #expect(try await remove([Self.remove: [gone]]).0 == nil)
        #expect(try await remove([Self.remove: [.close], Self.inspect: [gone]]).0 == nil)
    }

    @Test("waits for another removal in progress")
    func inProgress() async throws {
        let replies = [Self.remove: [Self.inProgress], Self.inspect: [Self.present, Self.present, Self.absent]]
        let (error, requests) = try await remove(replies)
        #expect(error == nil)
        #expect(requests.count == 4)
    }

    @Test("fails if another removal in progress does not end")
    func stuck() async throws {
        let (error, _) = try await remove([Self.remove: [Self.inProgress], Self.inspect: [Self.present]])
        #expect(error?.code == .timeout)
        #expect(error?.retryable == true)
    }

    @Test("is tried three times if the kernel still holds a mount")
    func busy() async throws {
        let busy = StubEngine.Reply.answer(500, Samples.message("unlinkat /x: device or resource busy"))
        let (error, requests) = try await remove([Self.remove: [busy, busy, .answer(204)]])
        #expect(error == nil)
        #expect(requests.count == 3)
        let (again, tried) = try await remove([Self.remove: [busy]])
        #expect(again?.code == .engineError)
        #expect(tried.count == 3)
    }

    @Test("without an answer is decided by inspecting, not by a second removal")
    func answerLost() async throws {
        let (error, _) = try await remove([Self.remove: [.close], Self.inspect: [Self.absent]])
        #expect(error == nil)
        let (late, requests) = try await remove([Self.remove: [.silence], Self.inspect: [Self.present]])
        #expect(late?.code == .timeout)
        #expect(late?.mayHaveHappened == true)
        #expect(requests.map(\.line) == [Self.remove, Self.inspect])
    }
}
