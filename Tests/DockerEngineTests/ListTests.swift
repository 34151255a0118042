import Primitives
import DockerPort
import Support
import Synchronization
import Testing

@testable import DockerEngine

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
                var found: [ContainerID] = []
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
        let ids = (0..<40).map { ContainerID(String(repeating: "0", count: 62) + String($0 + 10)) }
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
        let ids = (0..<40).map { ContainerID(String(repeating: "0", count: 62) + String($0 + 10)) }
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
