import Primitives
import DockerPort
import Support
import Synchronization
import Testing

@testable import DockerEngine

/// Replies that are used up one after the other, the last one for good.
final class Script: Sendable {
    private let replies: Mutex<[String: [StubEngine.Reply]]>

    init(_ replies: [String: [StubEngine.Reply]]) { self.replies = Mutex(replies) }

    func next(_ line: String) -> StubEngine.Reply? {
        replies.withLock { replies in
            guard let waiting = replies[line], let first = waiting.first else { return nil }
            if waiting.count > 1 { replies[line] = Array(waiting.dropFirst()) }
            return first
        }
    }
}

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
                answer = (.success(try await engine.stop(Samples.id, timeout: timeout)), stub.requests)
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
            answer = (await dockerFailure { try await engine.remove(Samples.id) }, stub.requests)
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

@Suite("A list of containers")
struct ListTests {
    @Test("requests all containers, filters labels itself, and skips removed containers")
    func rows() async throws {
        let third = String(repeating: "c3", count: 32)
        let rows = #"""
            [{"Id":"\#(Samples.id)","Names":["/galaxy-game-g1"],"Image":"sha256:1","State":"exited","Status":"Exited (0)",
              "Labels":{"a":"b","c":"d"}},
             {"Id":"\#(Samples.otherID)","Image":"i","State":"running","Labels":{"a":"b","c":"other"}},
             {"Id":"\#(third)","Image":"i","State":"running","Labels":{"a":"b","c":"d"}}]
            """#
        try await StubEngine.with { request in
            switch request.line {
            case "GET /containers/json": .answer(200, rows)
            case "GET /containers/\(Samples.id)/json": .answer(200, Samples.inspect())
            default: .answer(404, Samples.message("No such container"))
            }
        } _: { engine, stub in
            let found = try await engine.list(ListFilter(labels: ["c": "d", "a": "b"]))
            #expect(found.map(\.id) == [Samples.id])
            #expect(found.first?.name == "galaxy-game-g1")
            #expect(found.first?.imageRef == "galaxy/engine:1")
            #expect(found.first?.hostname == "galaxy-game-g1")
            #expect(found.first?.status == "exited")
            #expect(found.first?.startedAt != nil)
            #expect(
                stub.requests.first?.target
                    == "/v1.41/containers/json?all=1&filters=%7B%22label%22%3A%5B%22a%3Db%22%2C%22c%3Dd%22%5D%7D"
            )
            #expect(stub.requests.count == 3)
        }
    }

    @Test("has no total size limit, only a limit for each row", .timeLimit(.minutes(1)))
    func long() async throws {
        let label = String(repeating: "x", count: 64 << 10)
        let rows = (0..<600).map { number in
            let id = String(repeating: "0", count: 60) + String(number + 1_000)
            return #"{"Id":"\#(id)","State":"exited","Labels":{"own":"yes","long":"\#(label)"}}"#
        }
        let pieces = ["["] + rows.dropLast().map { $0 + "," } + [rows[599] + "]\n"]
        try await StubEngine.with { _ in
            .stream(pieces, then: .end)
        } _: { engine, stub in
            let found = try await engine.list(ListFilter(labels: ["own": "yes"], inspectsRows: false))
            #expect(found.count == 600)
            #expect(stub.requests.count == 1)
        }
    }

    @Test("omits a row that is too long, and fails if the response breaks off")
    func rowTooLong() async throws {
        let long = #"{"Id":"\#(Samples.otherID)","Labels":{"a":"\#(String(repeating: "x", count: 5_000))"}}"#
        let settings = DockerEngine.Configuration(maximumAnswerBytes: 4_000)
        let row = #"{"Id":"\#(Samples.id)","State":"exited"}"#
        for (pieces, ending, code) in [
            (["[", long, ",", row, "]"], StubEngine.Ending.end, nil),
            (["[", row], .end, DockerError.Code.invalidAnswer), (["[", row], .close, .unavailable),
            (["<html>"], .end, .invalidAnswer), ([#"[{"Id":7}]"#], .end, .invalidAnswer),
        ] {
            try await StubEngine.with(settings: settings) { _ in
                .stream(pieces, then: ending)
            } _: { engine, _ in
                var found: [String] = []
                let error = await dockerFailure {
                    found = try await engine.list(ListFilter(inspectsRows: false)).map(\.id)
                }
                #expect(error?.code == code)
                #expect(found == (code == nil ? [Samples.id] : []))
            }
        }
    }

    @Test("inspects a few rows at a time, and keeps their order")
    func bounded() async throws {
        let ids = (0..<40).map { String(repeating: "0", count: 62) + String($0 + 10) }
        let rows = "[" + ids.map { #"{"Id":"\#($0)","State":"running"}"# }.joined(separator: ",") + "]"
        let replies = Dictionary(
            uniqueKeysWithValues: ids.map {
                ("GET /containers/\($0)/json", [StubEngine.Reply.answer(200, Samples.inspect(id: $0))])
            }
        )
        let script = Script(replies.merging(["GET /containers/json": [.answer(200, rows)]]) { first, _ in first })
        try await StubEngine.with {
            script.next($0.line)
        } _: { engine, _ in
            let found = try await engine.list(ListFilter())
            #expect(found.map(\.id) == ids)
        }
    }

    @Test("has at most eight inspections in progress")
    func eightAtATime() async throws {
        let ids = (0..<40).map { String(repeating: "0", count: 62) + String($0 + 10) }
        let rows = "[" + ids.map { #"{"Id":"\#($0)","State":"running"}"# }.joined(separator: ",") + "]"
        var deadlines = DockerEngine.Deadlines()
        deadlines.inspect = .milliseconds(500)
        try await StubEngine.with(settings: .init(deadlines: deadlines)) {
            $0.line == "GET /containers/json" ? .answer(200, rows) : .silence
        } _: { engine, stub in
            #expect(await dockerFailure { try await engine.list(ListFilter()) }?.code == .timeout)
            #expect(stub.requests.count == 1 + 8)
        }
    }
}
