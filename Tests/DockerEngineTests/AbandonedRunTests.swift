import Primitives
import DockerPort
import Support
import Synchronization
import Testing

@testable import DockerEngine

@Suite("A run whose create request gets no answer")
struct AbandonedRunTests {
    private static let create = "POST /containers/create"
    private static let inspectName = "GET /containers/galaxy-game-g1/json"
    private static let remove = "DELETE /containers/\(Samples.id)"
    private static let absent = StubEngine.Reply.answer(404, Samples.message("No such container"))

    private func failure(
        labels: LabelMap? = nil,
        _ reply: @escaping @Sendable (StubEngine.Request, _ earlierLooks: Int) -> StubEngine.Reply?
    ) async throws -> (DockerError?, [String]) {
        var deadlines = DockerEngine.Deadlines()
        deadlines.create = .seconds(2)
        deadlines.cleanup = .seconds(60)
        let inspections = Mutex(0)
        var spec = Samples.spec()
        if let labels { spec.labels = labels }
        var result: (DockerError?, [String]) = (nil, [])
        try await StubEngine.with(settings: .init(deadlines: deadlines)) { request in
            guard request.line == Self.inspectName else { return reply(request, 0) }
            let earlier = inspections.withLock { inspections in
                defer { inspections += 1 }
                return inspections
            }
            return reply(request, earlier)
        } _: { engine, stub in
            result = (await dockerFailure { try await engine.run(spec) }, stub.lines)
        }
        return result
    }

    private static let made = Samples.inspect(status: "created", startedAt: Samples.neverStarted)

    @Test("waits for the container that the Docker Engine still creates, and removes it")
    func appearsLater() async throws {
        let (error, lines) = try await failure { request, earlier in
            switch request.line {
            case Self.create: .silence
            case Self.inspectName: earlier < 3 ? Self.absent : .answer(200, Self.made)
            case Self.remove: .answer(204)
            default: nil
            }
        }
        #expect(error?.code == .timeout)
        #expect(error?.mayHaveHappened == false)
        #expect(lines.last == Self.remove)
    }

    @Test("reports a possible effect if no container appears")
    func neverAppears() async throws {
        let (error, lines) = try await failure { request, _ in
            request.line == Self.create ? .close : Self.absent
        }
        #expect(error?.code == .unavailable)
        #expect(error?.mayHaveHappened == true)
        #expect(!lines.contains(Self.remove))
        #expect(lines.count(where: { $0 == Self.create }) == 1)
    }

    @Test("does not touch a container with other labels")
    func othersContainer() async throws {
        var labels = Samples.labels
        labels["com.galaxy.job_id"] = "j2"
        let other = Samples.inspect(status: "created", startedAt: Samples.neverStarted, labels: labels)
        let (error, lines) = try await failure { request, _ in
            request.line == Self.create ? .silence : .answer(200, other)
        }
        #expect(error?.code == .timeout)
        #expect(error?.mayHaveHappened == false)
        #expect(!lines.contains(Self.remove))
    }

    @Test("does not touch a running container, or one without a label of this run", arguments: [true, false])
    func notProvablyOwn(runs: Bool) async throws {
        let found = runs ? Samples.inspect() : Self.made
        let (error, lines) = try await failure(labels: runs ? nil : [:]) { request, _ in
            request.line == Self.create ? .silence : .answer(200, found)
        }
        #expect(error?.mayHaveHappened == true)
        #expect(!lines.contains(Self.remove))
    }

    @Test("inspects once after an answer of 500")
    func answered500() async throws {
        let (error, lines) = try await failure { request, _ in
            request.line == Self.create ? .answer(500, Samples.message("disk full")) : Self.absent
        }
        #expect(error?.code == .engineError)
        #expect(error?.mayHaveHappened == false)
        #expect(lines == [Self.create, Self.inspectName])
    }

    @Test("reports that nothing was sent if there is no Docker Engine")
    func noEngine() async throws {
        let configuration = DockerEngine.Configuration(endpoint: .unix(path: "/nonexistent/docker.sock"))
        try await DockerEngine.withEngine(configuration: configuration) { engine in
            let begun = ContinuousClock.now
            let error = await dockerFailure { try await engine.run(Samples.spec()) }
            #expect(error?.code == .unavailable)
            #expect(error?.retryable == true)
            #expect(error?.mayHaveHappened == false)
            #expect(error?.message.contains("/nonexistent/docker.sock") == true)
            #expect(ContinuousClock.now - begun < .seconds(15))
        }
    }
}

@Suite("A cancelled run")
struct CancelledRunTests {
    private static let remove = "DELETE /containers/\(Samples.id)"

    /// Cancels a run when the request `line` has come in, and answers what the run threw.
    private func cancel(at line: String, _ replies: [String: StubEngine.Reply]) async throws -> (DockerError?, [String])
    {
        var result: (DockerError?, [String]) = (nil, [])
        try await StubEngine.with {
            replies[$0.line]
        } _: { engine, stub in
            let error = try await withThrowingTaskGroup(of: DockerError?.self) { group in
                group.addTask { await dockerFailure { try await engine.run(Samples.spec()) } }
                try await eventually("the line \(line)", until: { $0.contains(line) }) { stub.lines }
                group.cancelAll()
                return try await group.next() ?? nil
            }
            result = (error, stub.lines)
        }
        return result
    }

    @Test("ends the create request in progress, starts nothing and removes the new container")
    func duringCreate() async throws {
        let (error, lines) = try await cancel(
            at: "POST /containers/create",
            [
                "POST /containers/create": .later(.milliseconds(300), .answer(201, Samples.created)),
                Self.remove: .answer(204),
            ]
        )
        #expect(error?.code == .cancelled)
        #expect(error?.mayHaveHappened == false)
        #expect(lines == ["POST /containers/create", Self.remove])
    }

    @Test("reports a possible effect if the create request got no answer and the container already runs")
    func maybeLeft() async throws {
        let inspect = "GET /containers/galaxy-game-g1/json"
        let (error, lines) = try await cancel(
            at: "POST /containers/create",
            [
                "POST /containers/create": .later(.milliseconds(300), .close),
                inspect: .answer(200, Samples.inspect()),
            ]
        )
        #expect(error?.code == .cancelled)
        #expect(error?.mayHaveHappened == true)
        #expect(lines == ["POST /containers/create", inspect])
    }

    @Test("ends the start request in progress and removes the running container")
    func duringStart() async throws {
        let start = "POST /containers/\(Samples.id)/start"
        let inspect = "GET /containers/\(Samples.id)/json"
        let (error, lines) = try await cancel(
            at: start,
            [
                "POST /containers/create": .answer(201, Samples.created),
                start: .later(.milliseconds(300), .answer(204)),
                inspect: .answer(200, Samples.inspect()),
                Self.remove: .answer(204),
            ]
        )
        #expect(error?.code == .cancelled)
        #expect(lines == ["POST /containers/create", start, inspect, Self.remove])
    }

    @Test("also removes a container that exited at once")
    func endedAtOnce() async throws {
        let start = "POST /containers/\(Samples.id)/start"
        let inspect = "GET /containers/\(Samples.id)/json"
        let (error, lines) = try await cancel(
            at: start,
            [
                "POST /containers/create": .answer(201, Samples.created),
                start: .later(.milliseconds(300), .answer(204)),
                inspect: .answer(200, Samples.inspect(status: "exited", exitCode: 1)),
                Self.remove: .answer(204),
            ]
        )
        #expect(error?.code == .cancelled)
        #expect(lines.last == Self.remove)
    }
}
