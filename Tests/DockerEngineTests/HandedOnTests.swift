import DockerPort
import Support
import Testing

@testable import DockerEngine

/// What one part of the engine client sees and another part needs.
@Suite("Knowledge that is handed on within the client", .timeLimit(.minutes(1)))
struct HandedOnTests {
    @Test("a pull that unpacks has the patience for unpacking")
    func unpacking() async throws {
        var deadlines = DockerEngine.Deadlines()
        deadlines.pullExtracting = .milliseconds(300)
        deadlines.pullInactivity = .seconds(60)
        deadlines.pullTotal = .seconds(15)
        let pieces = [
            #"{"status":"Downloading","progressDetail":{"current":10,"total":10},"id":"a"}"# + "\n",
            #"{"status":"Extracting","progressDetail":{"current":1,"total":2},"id":"a"}"# + "\n",
        ]
        let script = Script([
            "GET /images/team/engine:1/json": [.answer(404, Samples.message("No such image: team/engine:1"))],
            "POST /images/create": [.stream(pieces, then: .silence)],
        ])
        try await StubEngine.with(settings: .init(deadlines: deadlines)) {
            script.next($0.line)
        } _: { engine, _ in
            let error = await dockerFailure {
                try await engine.pullImage("team/engine:1", policy: .ifMissing, progress: nil)
            }
            #expect(error?.code == .timeout)
            #expect(error?.message.contains("nothing more came") == true, "\(error?.message ?? "")")
        }
    }

    @Test("a network that a start did not find is looked at anew")
    func missingNetwork() async throws {
        let look = "GET /networks/galaxy-net"
        let script = Script([
            look: [.answer(200, #"{"Name":"galaxy-net"}"#)],
            "GET /info": [.answer(200, "{}")],
            "POST /containers/create": [.answer(201, Samples.created)],
            "POST /containers/\(Samples.id)/start": [.answer(404, Samples.message("network galaxy-net not found"))],
            "DELETE /containers/\(Samples.id)": [.answer(204)],
        ])
        try await StubEngine.with {
            script.next($0.line)
        } _: { engine, stub in
            try await engine.ensureNetwork("galaxy-net")
            let error = await dockerFailure { try await engine.run(Samples.spec()) }
            #expect(error?.code == .networkMissing)
            try await engine.ensureNetwork("galaxy-net")
            #expect(stub.lines.count { $0 == look } == 2)
        }
    }
}
