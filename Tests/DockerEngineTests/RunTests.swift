import DockerPort
import Primitives
import Support
import Synchronization
import Testing

@testable import DockerEngine

@Suite("A run")
struct RunTests {
    private static let create = "POST /containers/create"
    private static let start = "POST /containers/\(Samples.id)/start"
    private static let inspect = "GET /containers/\(Samples.id)/json"
    private static let inspectName = "GET /containers/galaxy-game-g1/json"
    private static let remove = "DELETE /containers/\(Samples.id)"

    /// Deadlines that make a test of them short.
    private static var impatient: DockerEngine.Deadlines {
        var deadlines = DockerEngine.Deadlines()
        deadlines.start = .seconds(2)
        deadlines.cleanup = .seconds(2)
        return deadlines
    }

    private func run(
        deadlines: DockerEngine.Deadlines = .init(),
        imageID: String? = nil,
        _ replies: [String: StubEngine.Reply],
        _ check: (DockerError?, RunResult?, StubEngine) throws -> Void
    ) async throws {
        try await StubEngine.with(settings: .init(deadlines: deadlines)) {
            replies[$0.line]
        } _: { engine, stub in
            var spec = Samples.spec()
            spec.imageID = imageID
            let result: Result<RunResult, DockerError>
            do throws(DockerError) {
                result = .success(try await engine.run(spec))
            } catch {
                result = .failure(error)
            }
            switch result {
            case .success(let value): try check(nil, value, stub)
            case .failure(let error): try check(error, nil, stub)
            }
        }
    }

    @Test("takes three requests: create, start, inspect")
    func threeCalls() async throws {
        let replies: [String: StubEngine.Reply] = [
            Self.create: .answer(201, Samples.created), Self.start: .answer(204),
            Self.inspect: .answer(200, Samples.inspect()),
        ]
        try await run(replies) { error, result, stub in
            #expect(error == nil)
            #expect(result?.containerID == Samples.id)
            #expect(result?.engineEndpoint == "http://galaxy-game-g1:8080")
            #expect(result?.startedAt == Timestamp(rfc3339: "2026-05-04T03:02:01.5Z"))
            #expect(stub.lines == [Self.create, Self.start, Self.inspect])
            #expect(stub.requests.first?.target == "/v1.41/containers/create?name=galaxy-game-g1")
            #expect(stub.allRequests.allSatisfy { $0.headers["host"] == "docker" })
        }
    }

    @Test("has started if the Docker Engine says that the container already runs")
    func runsAlready() async throws {
        let replies: [String: StubEngine.Reply] = [
            Self.create: .answer(201, Samples.created), Self.start: .answer(304),
            Self.inspect: .answer(200, Samples.inspect()),
        ]
        try await run(replies) { error, result, stub in
            #expect(error == nil)
            #expect(result?.containerID == Samples.id)
            #expect(stub.lines == [Self.create, Self.start, Self.inspect])
        }
    }

    @Test(
        "removes the container if the start fails",
        arguments: [
            (404, "network galaxy-net not found", DockerError.Code.networkMissing),
            (404, "No such container: x", .startFailed),
            (400, "OCI runtime create failed: exec: no such file", .startFailed),
            (409, "cannot start a container that is marked for removal", .engineError),
        ]
    )
    func startRefused(status: Int, text: String, code: DockerError.Code) async throws {
        let replies: [String: StubEngine.Reply] = [
            Self.create: .answer(201, Samples.created), Self.start: .answer(status, Samples.message(text)),
            Self.remove: .answer(204),
        ]
        try await run(replies) { error, _, stub in
            #expect(error?.code == code)
            #expect(error?.mayHaveHappened == false)
            #expect(stub.lines == [Self.create, Self.start, Self.remove])
        }
    }

    @Test("has started if the container runs although the answer was lost")
    func startAnswerLost() async throws {
        for reply in [StubEngine.Reply.close, .silence, .answer(500, Samples.message("context deadline exceeded"))] {
            let replies: [String: StubEngine.Reply] = [
                Self.create: .answer(201, Samples.created), Self.start: reply,
                Self.inspect: .answer(200, Samples.inspect()),
            ]
            try await run(deadlines: Self.impatient, replies) { error, result, stub in
                #expect(error == nil)
                #expect(result?.containerID == Samples.id)
                #expect(stub.lines == [Self.create, Self.start, Self.inspect])
            }
        }
    }

    @Test("removes a container that does not run after an unclear start, and throws the start's error")
    func startUnclear() async throws {
        let replies: [String: StubEngine.Reply] = [
            Self.create: .answer(201, Samples.created),
            Self.start: .answer(500, Samples.message("failed to initialize logging driver: dial tcp")),
            Self.inspect: .answer(200, Samples.inspect(status: "created", startedAt: Samples.neverStarted)),
            Self.remove: .answer(204),
        ]
        try await run(replies) { error, _, stub in
            #expect(error?.code == .startFailed)
            #expect(error?.message.contains("dial tcp") == true)
            #expect(stub.lines.last == Self.remove)
        }
    }

    @Test("keeps a container whose process ended at once")
    func endedAtOnce() async throws {
        let ended = Samples.inspect(
            status: "exited",
            exitCode: 137,
            finishedAt: "2026-05-04T03:02:01.6Z",
            oomKilled: true
        )
        let replies: [String: StubEngine.Reply] = [
            Self.create: .answer(201, Samples.created), Self.start: .answer(204), Self.inspect: .answer(200, ended),
        ]
        try await run(replies) { error, _, stub in
            #expect(error?.code == .startFailed)
            #expect(error?.containerID == Samples.id)
            #expect(error?.message.contains("exit code 137, out of memory") == true)
            #expect(stub.lines == [Self.create, Self.start, Self.inspect])
        }
    }

    @Test("removes a container with other limits than requested")
    func otherLimits() async throws {
        let replies: [String: StubEngine.Reply] = [
            Self.create: .answer(201, Samples.created), Self.start: .answer(204),
            Self.inspect: .answer(200, Samples.inspect(pids: 0)), Self.remove: .answer(204),
        ]
        try await run(replies) { error, _, stub in
            #expect(error?.code == .engineError)
            #expect(error?.retryable == false)
            #expect(error?.message.contains("PidsLimit is 0 instead of 64") == true)
            #expect(stub.lines.last == Self.remove)
        }
    }

    @Test("does not start a container whose limits the Engine discarded")
    func discardedLimits() async throws {
        let warned = #"{"Id":"\#(Samples.id)","Warnings":["Your kernel does not support X. Limitation discarded."]}"#
        try await run([Self.create: .answer(201, warned), Self.remove: .answer(204)]) { error, _, stub in
            #expect(error?.code == .engineError)
            #expect(stub.lines == [Self.create, Self.remove])
        }
    }

    @Test("does not start a container of an image for another machine")
    func otherPlatform() async throws {
        let warned = #"""
            {"Id":"\#(Samples.id)","Warnings":["The requested image's platform (linux/arm64/v8) does not match the
             detected host platform (linux/amd64) and no specific platform was requested"]}
            """#.replacing("\n", with: "")
        try await run([Self.create: .answer(201, warned), Self.remove: .answer(204)]) { error, _, stub in
            #expect(error?.code == .startFailed)
            #expect(error?.retryable == false)
            #expect(error?.message.contains("another machine") == true)
            #expect(stub.lines == [Self.create, Self.remove])
        }
    }

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
