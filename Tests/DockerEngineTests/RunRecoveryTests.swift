import DockerPort
import Testing

@testable import DockerEngine

@Suite("A start that fails for a reason that the adapter can fix")
struct RunRecoveryTests {
    private static let create = "POST /containers/create"
    private static let start = "POST /containers/\(Samples.id)/start"
    private static let inspect = "GET /containers/\(Samples.id)/json"
    private static let inspectName = "GET /containers/galaxy-game-g1/json"
    private static let inspectOther = "GET /containers/\(Samples.otherID)/json"
    private static let remove = "DELETE /containers/\(Samples.id)"
    private static let network = "GET /networks/galaxy-net"
    private static let disconnect = "POST /networks/n1/disconnect"
    private static let absent = StubEngine.Reply.answer(404, Samples.message("No such container"))
    private static let taken = StubEngine.Reply.answer(
        403,
        Samples.message("endpoint with name galaxy-game-g1 already exists in network galaxy-net")
    )
    private static let noLimit = StubEngine.Reply.answer(
        500,
        Samples.message("OCI runtime create failed: error setting rlimits: error setting rlimit type 7: not permitted")
    )

    private static func showing(_ endpoints: String) -> StubEngine.Reply {
        .answer(200, #"{"Id":"n1","Name":"galaxy-net","Containers":{\#(endpoints)}}"#)
    }

    private func run(
        _ replies: [String: [StubEngine.Reply]],
        _ check: (DockerError?, StubEngine, DockerEngine) async throws -> Void
    ) async throws {
        var all = [
            Self.create: [StubEngine.Reply.answer(201, Samples.created)],
            Self.inspect: [.answer(200, Samples.inspect(status: "created", startedAt: Samples.neverStarted))],
            Self.remove: [.answer(204)], Self.inspectName: [Self.absent],
        ]
        all.merge(replies) { _, own in own }
        let script = Script(all)
        try await StubEngine.with {
            script.next($0.line)
        } _: { engine, stub in
            try await check(await dockerFailure { try await engine.run(Samples.spec()) }, stub, engine)
        }
    }

    @Test("runs again if an overlay network vanished meanwhile with its last container, three times at most")
    func vanished() async throws {
        let said = Samples.message("network d5fcqt4xsqzxcy0f7p8fx25ky not found")
        let vanished = StubEngine.Reply.answer(404, said)
        let attempt = [Self.create, Self.start, Self.remove]
        try await run([Self.start: [vanished, .answer(204)], Self.inspect: [.answer(200, Samples.inspect())]]) {
            error,
            stub,
            _ in
            #expect(error == nil)
            #expect(stub.lines == attempt + [Self.create, Self.start, Self.inspect])
        }
        try await run([Self.start: [vanished]]) { error, stub, _ in
            #expect(error?.code == .engineError && error?.retryable == true, "\(error?.message ?? "")")
            #expect(stub.lines == attempt + attempt + attempt + attempt)
        }
    }

    @Test(
        "disconnects a stale endpoint of its name if no container has the name, and runs again",
        arguments: [#""ep-5":{"Name":"galaxy-game-g1"},"x":{"Name":"another"}"#, "", nil, "exited"]
    )
    func stale(endpoints: String?) async throws {
        // An endpoint may also be of a container that has exited, or that is gone.
        let ofOther = #""\#(Samples.otherID)":{"Name":"galaxy-game-g1"}"#
        let shown = endpoints == "exited" ? ofOther : endpoints ?? ofOther
        let other: StubEngine.Reply =
            endpoints == nil ? Self.absent : .answer(200, Samples.inspect(id: Samples.otherID, status: "exited"))
        try await run([
            Self.start: [Self.taken, .answer(204)], Self.network: [Self.showing(shown)],
            Self.inspectOther: [other], Self.disconnect: [.answer(200)],
            Self.inspect: [
                .answer(200, Samples.inspect(status: "created", startedAt: Samples.neverStarted)),
                .answer(200, Samples.inspect()),
            ].suffix(1),
        ]) { error, stub, _ in
            #expect(error == nil)
            let lines = stub.lines.filter { $0 != Self.inspectOther }
            #expect(
                lines == [
                    Self.create, Self.start, Self.remove, Self.inspectName, Self.network, Self.disconnect, Self.create,
                    Self.start, Self.inspect,
                ]
            )
            #expect(
                stub.requests.first { $0.line == Self.disconnect }?.body
                    == #"{"Container":"galaxy-game-g1","Force":true}"#
            )
        }
    }

    @Test("does not touch the endpoint of an existing container, and is retryable")
    func living() async throws {
        try await run([
            Self.start: [Self.taken], Self.network: [Self.showing(#""\#(Samples.otherID)":{"Name":"galaxy-game-g1"}"#)],
            Self.inspectOther: [.answer(200, Samples.inspect(id: Samples.otherID))],
        ]) { error, stub, _ in
            #expect(error?.code == .engineError)
            #expect(error?.retryable == true)
            #expect(!stub.lines.contains(Self.disconnect))
            #expect(stub.lines.count { $0 == Self.create } == 1)
        }
    }

    @Test("does not touch an endpoint if another container has the name meanwhile")
    func nameTaken() async throws {
        try await run([
            Self.start: [Self.taken], Self.inspectName: [.answer(200, Samples.inspect(id: Samples.otherID))],
        ]) { error, stub, _ in
            #expect(error?.retryable == true)
            #expect(stub.lines == [Self.create, Self.start, Self.remove, Self.inspectName])
        }
    }

    @Test("runs again only once")
    func once() async throws {
        try await run([
            Self.start: [Self.taken], Self.network: [Self.showing("")], Self.disconnect: [.answer(200)],
        ]) { error, stub, _ in
            #expect(error?.code == .engineError)
            #expect(stub.lines.count { $0 == Self.disconnect } == 1)
            #expect(stub.lines.count { $0 == Self.create } == 2)
        }
    }

    @Test("keeps the default limit of open files if the Docker Engine may not raise the limit")
    func openFiles() async throws {
        let made = StubEngine.Reply.answer(200, Samples.inspect())
        let failed = StubEngine.Reply.answer(200, Samples.inspect(status: "created", startedAt: Samples.neverStarted))
        try await run([
            Self.start: [Self.noLimit, .answer(204)], Self.inspect: [failed, made],
        ]) { error, stub, engine in
            #expect(error == nil)
            _ = try await engine.run(Samples.spec())
            let bodies = stub.requests.filter { $0.line == Self.create }.map(\.body)
            #expect(bodies.map { $0.contains(#""Name":"nofile""#) } == [true, false, false])
            #expect(bodies.allSatisfy { $0.contains(#""Name":"core""#) })
        }
    }

    @Test("requests no process limit if the Docker Engine refuses every such limit")
    func noUlimits() async throws {
        let made = StubEngine.Reply.answer(200, Samples.inspect())
        let failed = StubEngine.Reply.answer(200, Samples.inspect(status: "created", startedAt: Samples.neverStarted))
        try await run([
            Self.start: [Self.noLimit, Self.noLimit, .answer(204)], Self.inspect: [failed, failed, made],
        ]) { error, stub, _ in
            #expect(error == nil)
            #expect(stub.requests.last { $0.line == Self.create }?.body.contains(#""Ulimits":[]"#) == true)
        }
        try await run([Self.start: [Self.noLimit]]) { error, stub, _ in
            #expect(error?.code == .startFailed)
            #expect(stub.lines.count { $0 == Self.create } == 3)
        }
    }
}

@Suite("The cached network")
struct NetworkCacheTests {
    @Test("is read again if the cached state does not fit")
    func now() async throws {
        let script = Script([
            "GET /networks/galaxy-net": [
                .answer(200, #"{"Name":"galaxy-net"}"#), .answer(404, Samples.message("network galaxy-net not found")),
            ],
            "GET /info": [.answer(200, "{}")],
        ])
        try await StubEngine.with {
            script.next($0.line)
        } _: { engine, stub in
            try await engine.ensureNetwork("galaxy-net")
            try await engine.ensureNetwork("galaxy-net")
            #expect(stub.requests.count == 1)
            #expect(await dockerFailure { try await engine.ensureNetworkNow("galaxy-net") }?.code == .networkMissing)
            #expect(await dockerFailure { try await engine.ensureNetwork("galaxy-net") }?.code == .networkMissing)
        }
    }
}
