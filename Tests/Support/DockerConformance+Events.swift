import DockerPort
import Primitives
import Testing

extension DockerConformance {
    func streamsEvents(_ rule: Rule) async throws {
        // A subscription may begin a little after its answer, so what is wanted is asked for from before it.
        let begin = try await client.run(spec(rule, suffix: "-b")).startedAt
        let events = try await client.eventsListen(since: begin)
        let id = try await runUntilThere(spec(rule)).containerID
        _ = try await client.stop(id.text, timeout: .seconds(10))
        try await client.remove(id.text)
        let lifecycle = try await self.events(of: id, in: events)
        let actions = lifecycle.map(\.action).filter { ["create", "start", "die", "destroy"].contains($0) }
        #expect(actions == ["create", "start", "die", "destroy"])
        for event in lifecycle {
            #expect(event.type == "container")
            #expect(event.name == name(rule))
            #expect(event.labels["rule"] == rule.rawValue)
            #expect(event.labels["image"] == nil && event.labels["name"] == nil && event.labels["exitCode"] == nil)
            #expect(event.occurredAt >= begin)
        }
        let die = try #require(lifecycle.first { $0.action == "die" })
        #expect(die.hasExitCode)
        #expect(die.exitCode == 143)
        #expect(lifecycle.first { $0.action == "start" }?.hasExitCode == false)
    }

    func replaysEvents(_ rule: Rule) async throws {
        let begin = try await client.run(spec(rule)).startedAt
        try await client.remove(name(rule))
        let second = try await client.run(spec(rule, suffix: "-b"))
        try await client.remove(second.containerID.text)
        let replayed = try await client.eventsListen(since: begin)
        let whole = try await self.events(of: second.containerID, in: replayed)
        #expect(whole.first?.action == "create")
        #expect(whole.last?.action == "destroy")
        let die = try #require(whole.first { $0.action == "die" })
        // Including the instant, and nothing before it.
        let later = try await client.eventsListen(since: die.occurredAt)
        let rest = try await self.events(of: second.containerID, in: later)
        #expect(rest.contains(die))
        #expect(rest.allSatisfy { $0.occurredAt >= die.occurredAt })
    }

    /// Names and values that only look the same are not the same.
    func keepsLabelsByTheirBytes(_ rule: Rule) async throws {
        var labels = labels(rule)
        labels["caf\u{e9}"] = "one scalar"
        labels["cafe\u{301}"] = "two scalars"
        labels["\u{212A} & <\"\\>"] = "\u{e9}\u{2028}"
        var spec = spec(rule)
        spec.labels = labels
        let result = try await client.run(spec)
        func isWhole(_ found: LabelMap) -> Bool { found.hasAll(of: labels) }
        #expect(isWhole(try await client.inspectContainer(spec.name).labels))
        for inspectsRows in [true, false] {
            let rows = try await client.list(ListFilter(labels: labels, inspectsRows: inspectsRows))
            #expect(rows.map(\.id) == [result.containerID])
            #expect(rows.allSatisfy { isWhole($0.labels) })
        }
        labels["caf\u{e9}"] = "two scalars"
        #expect(try await client.list(ListFilter(labels: labels)).isEmpty)
        labels["caf\u{e9}"] = "one scalar"
        let events = try await client.eventsListen(since: result.startedAt)
        try await client.remove(spec.name)
        let seen = try await self.events(of: result.containerID, in: events)
        #expect(!seen.isEmpty && seen.allSatisfy { isWhole($0.labels) })
    }

    func endsEventsByThrowing() async throws {
        let events = try await client.eventsListen(since: nil)
        let ending = await withTaskGroup(of: DockerError.Code?.self) { group in
            group.addTask {
                await code {
                    for try await event in events where event.action == "never" { break }
                }
            }
            group.cancelAll()
            return await group.next() ?? nil
        }
        #expect(ending == .cancelled)
    }

    /// What happened to a container, until it was gone.
    private func events(of id: ContainerID, in events: DockerEvents) async throws -> [DockerEvent] {
        let limit = Duration.seconds(20)
        do {
            return try await withDeadline(limit) {
                var found: [DockerEvent] = []
                for try await event in events where event.containerID == id {
                    found.append(event)
                    if event.action == "destroy" { break }
                }
                return found
            }
        } catch is DeadlinePassed {
            throw Overdue("waited \(limit) for the removal event of \(id)")
        }
    }
}
