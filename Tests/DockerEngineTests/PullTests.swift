import DockerPort
import Support
import Synchronization
import Testing

@testable import DockerEngine

@Suite("A pull")
struct PullTests {
    static let pull = "POST /images/create"
    static let inspect = "GET /images/team/engine:1/json"
    static let absent = StubEngine.Reply.answer(404, Samples.message("No such image: team/engine:1"))
    static let present = StubEngine.Reply.answer(200, #"{"Id":"sha256:1"}"#)
    static let done = StubEngine.Reply.stream(
        [
            #"{"status":"Pulling from team/engine","id":"1"}"# + "\n",
            #"{"status":"Downloading","progressDetail":{"current":5,"total":10},"id":"a"}"# + "\n"
                + #"{"status":"Pull comp"#,
            #"lete","id":"a"}"# + "\n" + #"{"status":"Status: Downloaded newer image"}"# + "\n",
        ],
        then: .end
    )

    func with(
        _ replies: [String: [StubEngine.Reply]],
        deadlines: DockerEngine.Deadlines = .init(),
        _ body: (DockerEngine, StubEngine) async throws -> Void
    ) async throws {
        let script = Script(replies)
        try await StubEngine.with(settings: .init(deadlines: deadlines), { script.next($0.line) }, body)
    }

    @Test("requests one tag, reports progress and inspects the image at the end")
    func whole() async throws {
        let reported = Mutex<[PullProgress]>([])
        try await with([Self.inspect: [Self.absent, Self.present], Self.pull: [Self.done]]) { engine, stub in
            try await engine.pullImage("team/engine:1", policy: .ifMissing) { progress in
                reported.withLock { $0.append(progress) }
            }
            #expect(stub.lines == [Self.inspect, Self.pull, Self.inspect])
            #expect(stub.requests[1].target == "/v1.41/images/create?fromImage=team%2Fengine&tag=1")
        }
        #expect(
            reported.withLock { $0 } == [
                PullProgress(reference: "team/engine:1", layers: 1, layersDone: 0, bytesDone: 5, bytesTotal: 10),
                PullProgress(reference: "team/engine:1", layers: 1, layersDone: 1, bytesDone: 10, bytesTotal: 10),
            ]
        )
    }

    @Test("requests the latest tag or the digest if the reference has no tag")
    func reference() async throws {
        let digest = "sha256:" + String(repeating: "0", count: 64)
        for (reference, tag) in [("engine", "latest"), ("engine:1@\(digest)", digest.replacing(":", with: "%3A"))] {
            try await StubEngine.with { request in
                request.line == Self.pull ? .stream([], then: .end) : nil
            } _: { engine, stub in
                _ = await dockerFailure { try await engine.pulls.join(reference, progress: nil) }
                #expect(stub.requests.first?.target == "/v1.41/images/create?fromImage=engine&tag=\(tag)")
            }
        }
    }

    @Test(
        "happens or not as the pull policy says",
        arguments: [
            (PullPolicy.always, true, 2), (.always, false, 2), (.ifMissing, true, 1), (.ifMissing, false, 3),
            (.never, true, 1),
        ]
    )
    func policies(policy: PullPolicy, isThere: Bool, calls: Int) async throws {
        let inspections = isThere ? [Self.present] : policy == .always ? [Self.present] : [Self.absent, Self.present]
        try await with([Self.inspect: inspections, Self.pull: [Self.done]]) { engine, stub in
            try await engine.pullImage("team/engine:1", policy: policy, progress: nil)
            #expect(stub.requests.count == calls)
        }
    }

    @Test("does not happen for an image that is pinned by its digest and present")
    func pinned() async throws {
        let reference = "team/engine@sha256:" + String(repeating: "0", count: 64)
        try await StubEngine.with {
            $0.method == "GET" ? Self.present : nil
        } _: { engine, stub in
            try await engine.pullImage(reference, policy: .always, progress: nil)
            #expect(stub.requests.count == 1)
        }
    }

    @Test("does not happen if the policy forbids the registry")
    func never() async throws {
        try await with([Self.inspect: [Self.absent]]) { engine, stub in
            let error = await dockerFailure {
                try await engine.pullImage("team/engine:1", policy: .never, progress: nil)
            }
            #expect(error?.code == .imageNotFound)
            #expect(error?.operation == "pullImage")
            #expect(stub.requests.count == 1)
        }
    }

    @Test(
        "fails by an error line in a response of status 200",
        arguments: [
            (
                #"{"errorDetail":{"message":"manifest unknown"},"error":"manifest unknown"}"#,
                DockerError.Code.imageNotFound, false
            ),
            (#"{"errorDetail":{"message":"filesystem layer verification failed"}}"#, .pullFailed, true),
            (#"{"error":"unauthorized: authentication required"}"#, .imageAuthentication, false),
        ]
    )
    func failureInStream(line: String, code: DockerError.Code, retryable: Bool) async throws {
        try await with([Self.inspect: [Self.absent], Self.pull: [.stream([line], then: .end)]]) { engine, stub in
            let error = await dockerFailure {
                try await engine.pullImage("team/engine:1", policy: .ifMissing, progress: nil)
            }
            #expect(error?.code == code)
            #expect(error?.retryable == retryable)
            #expect(stub.requests.count == 2)
        }
    }

    @Test("fails if the response breaks off, or ends without an image")
    func brokenOff() async throws {
        for (reply, code) in [
            (StubEngine.Reply.stream([#"{"status":"x"}"#], then: .close), DockerError.Code.unavailable),
            (.stream([#"{"status":"x"}"#], then: .end), .pullFailed), (.close, .unavailable),
            (.answer(500, Samples.message("dial tcp: connection refused")), .pullFailed),
        ] {
            try await with([Self.inspect: [Self.absent], Self.pull: [reply]]) { engine, _ in
                let error = await dockerFailure {
                    try await engine.pullImage("team/engine:1", policy: .ifMissing, progress: nil)
                }
                #expect(error?.code == code)
                #expect(error?.retryable == true)
            }
        }
    }

    @Test("by Podman has no last line, and succeeds if the image is present at the end")
    func podman() async throws {
        let lines = StubEngine.Reply.stream([#"{"status":"Download complete","id":"a"}"# + "\n"], then: .end)
        let headers = ["Api-Version": "1.41", "Libpod-Api-Version": "4.3.1"]
        for (image, code) in [(Self.present, nil), (Self.absent, .pullFailed)]
            as [(StubEngine.Reply, DockerError.Code?)]
        {
            let script = Script([Self.inspect: [Self.absent, image], Self.pull: [lines]])
            try await StubEngine.with(ping: .answer(200, "OK", headers: headers)) {
                script.next($0.line)
            } _: { engine, _ in
                let error = await dockerFailure {
                    try await engine.pullImage("team/engine:1", policy: .ifMissing, progress: nil)
                }
                #expect(error?.code == code)
            }
        }
    }

    @Test("fails in time if the registry never answers, goes silent or never ends")
    func silence() async throws {
        var first = DockerEngine.Deadlines()
        first.pullFirstByte = .milliseconds(300)
        var idle = DockerEngine.Deadlines()
        idle.pullInactivity = .milliseconds(300)
        var total = DockerEngine.Deadlines()
        total.pullTotal = .milliseconds(300)
        for (deadlines, reply, part) in [
            (first, StubEngine.Reply.silence, "did not answer"),
            (idle, .stream([#"{"status":"x"}"# + "\n"], then: .silence), "nothing more came"),
            (total, .silence, "longer than allowed"),
        ] {
            try await with([Self.inspect: [Self.absent], Self.pull: [reply]], deadlines: deadlines) { engine, _ in
                let error = await dockerFailure {
                    try await engine.pullImage("team/engine:1", policy: .ifMissing, progress: nil)
                }
                #expect(error?.code == .timeout)
                #expect(error?.retryable == true)
                #expect(error?.message.contains(part) == true, "\(error?.message ?? "")")
            }
        }
    }

    @Test("ends with the adapter")
    func shutdown() async throws {
        try await with([Self.pull: [.silence]]) { engine, stub in
            try await withThrowingTaskGroup(of: DockerError?.self) { group in
                group.addTask {
                    await dockerFailure { try await engine.pullImage("team/engine:1", policy: .always, progress: nil) }
                }
                try await eventually("one request", until: { $0.count == 1 }) { stub.requests }
                await engine.shutdown()
                let error = try await group.next() ?? nil
                #expect(error != nil)
            }
            let late = await dockerFailure {
                try await engine.pullImage("team/engine:1", policy: .always, progress: nil)
            }
            #expect(late?.code == .unavailable)
        }
    }
}
