import Primitives
import DockerPort
import Support
import Synchronization
import Testing

@testable import DockerEngine

@Suite("A stop")
struct StopTests {
    private static let stop = "POST /containers/\(Samples.id)/stop"
    private static let kill = "POST /containers/\(Samples.id)/kill"
    private static let inspect = "GET /containers/\(Samples.id)/json"
    private static func ended(_ code: Int) -> StubEngine.Reply {
        .answer(200, Samples.inspect(status: "exited", exitCode: code))
    }

    private func stop(
        _ timeout: Duration = .zero,
        _ replies: [String: [StubEngine.Reply]]
    ) async throws -> (Result<StopOutcome, DockerError>, [StubEngine.Request]) {
        var deadlines = DockerEngine.Deadlines()
        deadlines.stopSlack = .seconds(2)
        deadlines.kill = .seconds(2)
        let script = Script(replies)
        var answer: (Result<StopOutcome, DockerError>, [StubEngine.Request])?
        try await StubEngine.with(settings: .init(deadlines: deadlines)) {
            script.next($0.line)
        } _: { engine, stub in
            do throws(DockerError) {
                answer = (.success(try await engine.stop(Samples.id.text, timeout: timeout)), stub.requests)
            } catch {
                answer = (.failure(error), stub.requests)
            }
        }
        return try #require(answer)
    }

    @Test("sends whole seconds, and reports a container that was not running")
    func alreadyStopped() async throws {
        let (result, requests) = try await stop(.milliseconds(1_200), [Self.stop: [.answer(304)]])
        #expect(try result.get() == StopOutcome(alreadyStopped: true))
        #expect(requests.map(\.target) == ["/v1.41/containers/\(Samples.id)/stop?t=2"])
    }

    @Test("is not forced if the container ends within the time-out")
    func inTime() async throws {
        let (result, requests) = try await stop(.seconds(30), [Self.stop: [.answer(204)]])
        #expect(try result.get() == StopOutcome())
        #expect(requests.count == 1)
    }

    @Test(
        "is forced if the time-out passed and the exit code is that of SIGKILL",
        arguments: [(137, true), (143, false), (0, false)]
    )
    func forced(code: Int, isForced: Bool) async throws {
        let (result, _) = try await stop(.zero, [Self.stop: [.answer(204)], Self.inspect: [Self.ended(code)]])
        #expect(try result.get() == StopOutcome(forced: isForced))
    }

    @Test("without an answer has succeeded if the container has ended")
    func answerLost() async throws {
        for reply in [StubEngine.Reply.silence, .close] {
            let (result, requests) = try await stop(.zero, [Self.stop: [reply], Self.inspect: [Self.ended(137)]])
            #expect(try result.get() == StopOutcome(forced: true))
            #expect(requests.count == 2)
        }
    }

    @Test("that hangs in the Docker Engine is followed by SIGKILL")
    func hangs() async throws {
        let running = StubEngine.Reply.answer(200, Samples.inspect())
        let (result, requests) = try await stop(
            .zero,
            [Self.stop: [.silence], Self.kill: [.answer(204)], Self.inspect: [running, running, Self.ended(137)]]
        )
        #expect(try result.get() == StopOutcome(forced: true))
        #expect(requests.contains { $0.target.hasSuffix("/kill?signal=SIGKILL") })
        #expect(requests.count { $0.line == Self.stop } == 1)
    }

    @Test("fails if the container survives SIGKILL")
    func immortal() async throws {
        let running = StubEngine.Reply.answer(200, Samples.inspect())
        let (result, _) = try await stop(
            .zero,
            [Self.stop: [.silence], Self.kill: [.answer(204)], Self.inspect: [running]]
        )
        let error = #expect(throws: DockerError.self) { try result.get() }
        #expect(error?.code == .timeout)
        #expect(error?.retryable == true)
        #expect(error?.mayHaveHappened == true)
    }

    @Test("is not repeated if the connection was lost and the container still runs")
    func lostAndRunning() async throws {
        let running = StubEngine.Reply.answer(200, Samples.inspect())
        let (result, requests) = try await stop(.zero, [Self.stop: [.close], Self.inspect: [running]])
        let error = #expect(throws: DockerError.self) { try result.get() }
        #expect(error?.code == .unavailable)
        #expect(error?.mayHaveHappened == true)
        #expect(requests.map(\.line) == [Self.stop, Self.inspect])
    }

    @Test("of a name that could be the prefix of an id reaches the container with exactly that name")
    func ambiguousName() async throws {
        let script = Script(["GET /containers/a1a1/json": [.answer(200, Samples.inspect())]])
        try await StubEngine.with {
            script.next($0.line)
        } _: { engine, stub in
            #expect(await dockerFailure { try await engine.stop("a1a1", timeout: .zero) }?.code == .containerNotFound)
            #expect(stub.requests.count == 1)
        }
    }
}
