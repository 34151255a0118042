import Primitives
import DockerPort
import Testing

extension DockerConformance {
    func stops(_ rule: Rule) async throws {
        let result = try await runUntilThere(spec(rule))
        let outcome = try await client.stop(result.containerID.text, timeout: .seconds(10))
        #expect(outcome == StopOutcome(forced: false, alreadyStopped: false))
        let inspect = try await client.inspectContainer(result.containerID.text)
        #expect(inspect.status == "exited")
        #expect(inspect.exitCode == 143)
        #expect(!inspect.oomKilled)
        #expect(inspect.finishedAt != nil)
    }

    func stopsTwice(_ rule: Rule) async throws {
        _ = try await runUntilThere(spec(rule))
        #expect(try await client.stop(name(rule), timeout: .milliseconds(9_500)) == StopOutcome())
        #expect(try await client.stop(name(rule), timeout: .seconds(1)) == StopOutcome(alreadyStopped: true))
    }

    func stopsForMany(_ rule: Rule) async throws {
        let id = try await runUntilThere(spec(rule)).containerID
        let codes = await withTaskGroup(of: DockerError.Code?.self) { group in
            for _ in 0..<4 {
                group.addTask { await code { try await client.stop(id.text, timeout: .seconds(10)) } }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(codes.allSatisfy { $0 == nil })
        #expect(try await client.inspectContainer(id.text).exitCode == 143)
    }

    func killsTheStubborn(_ rule: Rule) async throws {
        let result = try await runUntilThere(spec(rule, image: environment.stubbornImage))
        let outcome = try await client.stop(result.containerID.text, timeout: .seconds(1))
        #expect(outcome == StopOutcome(forced: true, alreadyStopped: false))
        #expect(try await client.inspectContainer(result.containerID.text).exitCode == 137)
    }

    func knowsNoOthers(_ rule: Rule) async throws {
        for absent in [name(rule), String(repeating: "0", count: 64)] {
            #expect(await code { try await client.inspectContainer(absent) } == .containerNotFound)
            #expect(await code { try await client.stop(absent, timeout: .zero) } == .containerNotFound)
            #expect(await code { try await client.kill(absent, signal: "SIGKILL") } == .containerNotFound)
            #expect(await code { try await client.remove(absent) } == nil)
        }
        for improper in ["", "x", "../x", "a/b", "a b", "%2e%2e"] {
            #expect(await code { try await client.inspectContainer(improper) } == .invalidSpec)
            #expect(await code { try await client.remove(improper) } == .invalidSpec)
        }
        // The beginning of an id is not the container.
        let id = try await client.run(spec(rule)).containerID
        let prefix = String(id.text.prefix(20))
        #expect(await code { try await client.inspectContainer(prefix) } == .containerNotFound)
        #expect(await code { try await client.remove(prefix) } == nil)
        #expect(try await client.inspectContainer(id.text).isRunning)
    }

    func removesOnce(_ rule: Rule) async throws {
        let result = try await client.run(spec(rule))
        let codes = await withTaskGroup(of: DockerError.Code?.self) { group in
            for _ in 0..<6 {
                group.addTask {
                    await code { try await client.remove(result.containerID.text) }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(codes.allSatisfy { $0 == nil })
        let left = await code { try await client.inspectContainer(result.containerID.text) }
        #expect(left == .containerNotFound)
        try await client.remove(result.containerID.text)
    }

    func kills(_ rule: Rule) async throws {
        let result = try await client.run(spec(rule, image: environment.stubbornImage))
        try await client.kill(result.containerID.text, signal: "SIGKILL")
        try await eventually("the end of \(result.containerID)", until: { $0.status == "exited" }) {
            try await client.inspectContainer(result.containerID.text)
        }
        #expect(try await client.inspectContainer(result.containerID.text).exitCode == 137)
        let again = await code {
            try await client.kill(result.containerID.text, signal: "SIGKILL")
        }
        #expect(again == .containerNotRunning)
        let improper = await code {
            try await client.kill(result.containerID.text, signal: "no signal")
        }
        #expect(improper == .invalidSpec)
    }

    func lists(_ rule: Rule) async throws {
        #expect(try await client.list(ListFilter(labels: labels(rule))).isEmpty)
        let running = try await client.run(spec(rule))
        let ended = try await runUntilThere(spec(rule, suffix: "-b"))
        _ = try await client.stop(ended.containerID.text, timeout: .seconds(10))
        let rows = try await client.list(ListFilter(labels: labels(rule)))
        #expect(Set(rows.map(\.id)) == [running.containerID, ended.containerID])
        let row = try #require(rows.first { $0.id == running.containerID })
        #expect(row.name == name(rule))
        #expect(row.status == "running")
        #expect(row.startedAt == running.startedAt)
        #expect(row.hostname == spec(rule).hostname)
        #expect(row.imageRef == environment.image)
        #expect(row.labels["rule"] == rule.rawValue)
        // Docker 26 may list an ended container as running for a moment.
        try await eventually("the list to show the end", until: { $0 == "exited" }) {
            try await client.list(ListFilter(labels: labels(rule))).first { $0.id == ended.containerID }?.status
        }
        var others = labels(rule)
        others["rule"] = "another"
        #expect(try await client.list(ListFilter(labels: others)).isEmpty)
        #expect(try await client.list(ListFilter()).count >= 2)
    }
}
