import DockerPort
import Primitives
import Support
import Synchronization
import Testing

@testable import DockerEngine

@Suite("The connection to the Docker Engine")
struct TransportTests {
    private static let info = #"{"ID":"ABCD","Name":"n","ServerVersion":"20.10.24","NCPU":2,"MemTotal":1024}"#

    @Test("negotiates the API version once")
    func negotiatedOnce() async throws {
        let ping = StubEngine.Reply.answer(200, "OK", headers: ["Api-Version": "1.60"])
        try await StubEngine.with(ping: ping) { _ in
            .answer(200, Self.info)
        } _: { engine, stub in
            let info = try await engine.info()
            _ = try await engine.info()
            #expect(
                info
                    == EngineInfo(
                        id: "ABCD",
                        name: "n",
                        serverVersion: "20.10.24",
                        apiVersion: "1.51",
                        cpus: 2,
                        memoryBytes: 1024
                    )
            )
            #expect(stub.allRequests.map(\.target) == ["/_ping", "/v1.51/info", "/v1.51/info"])
        }
    }

    @Test("fails for a Docker Engine that is too old, and for another server")
    func tooOld() async throws {
        for (headers, part) in [(["Api-Version": "1.40"], "20.10 or newer"), ([:], "is it a Docker Engine?")] {
            try await StubEngine.with(ping: .answer(200, "OK", headers: headers)) { _ in
                nil
            } _: { engine, stub in
                let error = await dockerFailure { try await engine.info() }
                #expect(error?.code == .engineError)
                #expect(error?.retryable == false)
                #expect(error?.operation == "info")
                #expect(error?.message.contains(part) == true)
                #expect(stub.requests.isEmpty)
            }
        }
    }

    @Test("says what to do about a Docker Engine that speaks only newer versions")
    func tooNew() async throws {
        let refusal =
            "client version 1.51 is too old. Minimum supported API version is 1.60, please upgrade your client to a "
            + "newer version"
        let ping = StubEngine.Reply.answer(200, "OK", headers: ["Api-Version": "1.65"])
        try await StubEngine.with(ping: ping) { _ in
            .answer(400, Samples.message(refusal))
        } _: { engine, stub in
            let error = await dockerFailure { try await engine.info() }
            #expect(error?.code == .engineError && error?.retryable == false)
            #expect(error?.message.contains("speaks API 1.60 at least") == true, "\(String(describing: error))")
            #expect(error?.message.contains("install a newer rtmanager") == true)
            #expect(stub.requests.count == 2)
            let stream = await dockerFailure { _ = try await engine.eventsListen(since: nil).first { _ in true } }
            #expect(stream?.message.contains("speaks API 1.60 at least") == true, "\(String(describing: stream))")
        }
    }

    @Test("negotiates again after a lost connection, and after a downgrade of the Docker Engine")
    func renegotiated() async throws {
        let answers = Mutex<[StubEngine.Reply]>([
            .answer(200, Self.info), .close, .answer(200, Self.info),
            .answer(400, Samples.message("client version 1.41 is too new. Maximum supported API version is 1.40")),
            .answer(200, Self.info),
        ])
        try await StubEngine.with { _ in
            answers.withLock { $0.removeFirst() }
        } _: { engine, stub in
            _ = try await engine.info()
            let error = await dockerFailure { try await engine.info() }
            #expect(error?.code == .unavailable)
            #expect(error?.mayHaveHappened == false)
            _ = try await engine.info()
            _ = try await engine.info()
            let pings = stub.allRequests.count { $0.line == "GET /_ping" }
            #expect(pings == 3)
            #expect(stub.requests.count == 5)
        }
    }

    @Test(
        "shows image references in their usual form, also with Podman",
        arguments: [
            (true, "docker.io/library/engine:1", "engine:1"), (true, "docker.io/team/engine:1", "team/engine:1"),
            (true, "r.example/team/engine:1", "r.example/team/engine:1"),
            (false, "docker.io/library/engine:1", "docker.io/library/engine:1"),
        ]
    )
    func references(isPodman: Bool, shown: String, written: String) async throws {
        let headers = isPodman ? ["Api-Version": "1.41", "Libpod-API-Version": "4.3.1"] : ["Api-Version": "1.41"]
        let inspect = #"{"Id":"\#(Samples.id)","Name":"/some-name","Config":{"Image":"\#(shown)"}}"#
        let row = #"[{"Id":"\#(Samples.id)","Names":["/some-name"],"Image":"\#(shown)","State":"running"}]"#
        let event =
            #"{"Action":"start","Actor":{"ID":"\#(Samples.id)","Attributes":{"image":"\#(shown)"}},"timeNano":1}"#
        try await StubEngine.with(ping: .answer(200, "OK", headers: headers)) { request in
            switch request.line {
            case "GET /containers/json": .answer(200, row)
            case "GET /events": .stream([event + "\n"], then: .silence)
            default: .answer(200, inspect)
            }
        } _: { engine, _ in
            #expect(try await engine.inspectContainer("some-name").imageRef == written)
            for inspectsRows in [true, false] {
                let rows = try await engine.list(ListFilter(inspectsRows: inspectsRows))
                #expect(rows.map(\.imageRef) == [written])
            }
            for try await event in try await engine.eventsListen(since: nil) {
                #expect(event.image == written)
                break
            }
        }
    }

    @Test("takes the default bridge's creation for the start of Docker, but not of Podman", arguments: [true, false])
    func startTime(isPodman: Bool) async throws {
        let headers = isPodman ? ["Api-Version": "1.41", "Libpod-API-Version": "4.3.1"] : ["Api-Version": "1.41"]
        try await StubEngine.with(ping: .answer(200, "OK", headers: headers)) { _ in
            .answer(200, #"{"Name":"bridge","Id":"b","Created":"2026-01-02T03:04:05Z"}"#)
        } _: { engine, _ in
            let start = try await engine.startTime()
            #expect(start == (isPodman ? nil : Timestamp(rfc3339: "2026-01-02T03:04:05Z")))
        }
    }

    @Test("does not follow redirects")
    func redirect() async throws {
        try await StubEngine.with { _ in
            .answer(301, "", headers: ["Location": "/info"])
        } _: { engine, stub in
            let error = await dockerFailure { try await engine.inspectContainer("some-name") }
            #expect(error?.code == .invalidAnswer)
            #expect(error?.status == 301)
            #expect(stub.requests.count == 1)
        }
    }

    @Test("accepts responses up to a size limit; in a list the limit is for each row")
    func tooLong() async throws {
        let id = String(repeating: "x", count: 4_000)
        let settings = DockerEngine.Configuration(maximumAnswerBytes: 1_000)
        try await StubEngine.with(settings: settings) { request in
            request.line == "GET /containers/json"
                ? .answer(200, #"[{"Id":"\#(id)"}]"#) : .answer(200, #"{"Id":"\#(id)"}"#)
        } _: { engine, _ in
            let error = await dockerFailure { try await engine.inspectContainer("some-name") }
            #expect(error?.code == .invalidAnswer)
            #expect(error?.message.contains("longer than allowed") == true)
            // The row is left out.
            let rows = try await engine.list(ListFilter())
            #expect(rows.isEmpty)
        }
    }

    @Test("reports a malformed response")
    func unreadable() async throws {
        try await StubEngine.with { _ in
            .answer(200, "<html>")
        } _: { engine, _ in
            let error = await dockerFailure { try await engine.inspectContainer("some-name") }
            #expect(error?.code == .invalidAnswer)
            #expect(error?.retryable == false)
        }
    }

    @Test("has a deadline that also covers the response body")
    func deadline() async throws {
        var deadlines = DockerEngine.Deadlines()
        deadlines.inspect = .milliseconds(150)
        for reply in [StubEngine.Reply.silence, .stream([#"{"Id":"#], then: .silence)] {
            try await StubEngine.with(settings: .init(deadlines: deadlines)) { _ in
                reply
            } _: { engine, _ in
                let begun = ContinuousClock.now
                let error = await dockerFailure { try await engine.inspectContainer("some-name") }
                #expect(error?.code == .timeout)
                #expect(error?.retryable == true)
                #expect(error?.mayHaveHappened == false)
                #expect(ContinuousClock.now - begun < .seconds(5))
            }
        }
    }

    @Test("ends at once for a cancelled caller")
    func cancelled() async throws {
        try await StubEngine.with { _ in
            .silence
        } _: { engine, stub in
            try await withThrowingTaskGroup(of: DockerError?.self) { group in
                group.addTask { await dockerFailure { try await engine.stop("some-name", timeout: .seconds(60)) } }
                try await eventually("one request", until: { $0.count == 1 }) { stub.requests }
                let begun = ContinuousClock.now
                group.cancelAll()
                let error = try await group.next() ?? nil
                #expect(error?.code == .cancelled)
                #expect(error?.mayHaveHappened == true)
                #expect(ContinuousClock.now - begun < .seconds(5))
            }
        }
    }

    @Test("does not delay short requests behind many long ones")
    func lanes() async throws {
        try await StubEngine.with {
            $0.line.hasSuffix("/stop") ? .silence : .answer(200, Self.info)
        } _: { engine, stub in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<100 {
                    group.addTask {
                        _ = await dockerFailure { try await engine.stop("name-\(number)", timeout: .zero) }
                    }
                }
                try await eventually("100 requests", until: { $0.count == 100 }) { stub.requests }
                _ = try await engine.info()
                group.cancelAll()
            }
        }
    }
}
