import DockerPort
import Primitives
import Support
import Synchronization
import Testing

@testable import DockerEngine

@Suite("A run")
struct RunTests {
    static let create = "POST /containers/create"
    static let start = "POST /containers/\(Samples.id)/start"
    static let inspect = "GET /containers/\(Samples.id)/json"
    static let inspectName = "GET /containers/galaxy-game-g1/json"
    static let remove = "DELETE /containers/\(Samples.id)"

    /// Deadlines that make a test of them short.
    static var impatient: DockerEngine.Deadlines {
        var deadlines = DockerEngine.Deadlines()
        deadlines.start = .seconds(2)
        deadlines.cleanup = .seconds(2)
        return deadlines
    }

    func run(
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
}
