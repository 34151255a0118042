import DockerPort
import Primitives
import Support
import Synchronization
import Testing

@testable import DockerEngine

extension RunTests {
    @Test("is undone if the tag meanwhile names another image", arguments: ["sha256:2", nil])
    func otherImage(now: String?) async throws {
        let image = "GET /images/galaxy/engine:1/json"
        let replies: [String: StubEngine.Reply] = [
            Self.create: .answer(201, Samples.created), Self.start: .answer(204),
            Self.inspect: .answer(200, Samples.inspect()), Self.remove: .answer(204),
            image: now.map { .answer(200, #"{"Id":"\#($0)"}"#) } ?? .answer(404, Samples.message("No such image")),
        ]
        try await run(imageID: "sha256:0", replies) { error, _, stub in
            #expect(error?.code == .startFailed)
            #expect(error?.retryable == true)
            #expect(stub.lines == [Self.create, Self.start, Self.inspect, image, Self.remove])
        }
    }

    @Test("accepts another digest of the same image")
    func otherDigest() async throws {
        let image = "GET /images/galaxy/engine:1/json"
        let replies: [String: StubEngine.Reply] = [
            Self.create: .answer(201, Samples.created), Self.start: .answer(204),
            Self.inspect: .answer(200, Samples.inspect()), image: .answer(200, #"{"Id":"sha256:0"}"#),
        ]
        for (id, calls) in [("sha256:0", 4), ("sha256:1", 3), ("1", 3)] {
            try await run(imageID: id, replies) { error, _, stub in
                #expect(error == nil)
                #expect(stub.lines.count == calls)
            }
        }
    }

    @Test("changes nothing if the name is taken")
    func nameTaken() async throws {
        let replies: [String: StubEngine.Reply] = [
            Self.create: .answer(409, Samples.message("Conflict. The container name is already in use")),
            Self.inspectName: .answer(200, Samples.inspect(id: Samples.otherID)),
        ]
        try await run(replies) { error, _, stub in
            #expect(error?.code == .nameConflict)
            #expect(error?.containerID == Samples.otherID)
            #expect(error?.retryable == false)
            #expect(stub.lines == [Self.create, Self.inspectName])
        }
    }

    @Test("is retryable if the container with the same name is gone")
    func nameFreeAgain() async throws {
        let replies: [String: StubEngine.Reply] = [
            Self.create: .answer(409, Samples.message("Conflict.")),
            Self.inspectName: .answer(404, Samples.message("No such container")),
        ]
        try await run(replies) { error, _, _ in
            #expect(error?.code == .nameConflict)
            #expect(error?.retryable == true)
        }
    }

    @Test("does not search for leftovers if the Docker Engine refused the create", arguments: [400, 404])
    func createRefused(status: Int) async throws {
        try await run([Self.create: .answer(status, Samples.message("no"))]) { error, _, stub in
            #expect(error?.code == (status == 404 ? .imageNotFound : .invalidSpec))
            #expect(stub.lines == [Self.create])
        }
    }

    @Test("reports a possible effect if its container cannot be removed")
    func cannotUndo() async throws {
        let replies: [String: StubEngine.Reply] = [
            Self.create: .answer(201, Samples.created),
            Self.start: .answer(404, Samples.message("network x not found")),
            Self.remove: .answer(500, Samples.message("driver failed")),
        ]
        try await run(deadlines: Self.impatient, replies) { error, _, stub in
            #expect(error?.code == .networkMissing)
            #expect(error?.mayHaveHappened == true)
            #expect(stub.lines.count(where: { $0 == Self.remove }) > 1)
        }
    }
}
