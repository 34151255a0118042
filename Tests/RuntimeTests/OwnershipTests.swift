import Primitives
import DockerPort
import JobContract
import Redis
import RuntimeCore
import Support
import Testing

@testable import Runtime

@Suite("The ownership of containers, with a fake Docker Engine and a real Redis", .timeLimit(.minutes(2)))
struct OwnershipTests {
    @Test("jobs find a renamed container, and create no second one")
    func renamed() async throws {
        try await WorkerWorld.with { world in
            try await world.withWorker { _ in
                try await world.push(.start, "s1")
                let started = try await world.result("s1")
                let id = try #require(started.containerID)
                await world.docker.rename(container: id.text, to: "somebody-renamed-it")
                try await world.push(.start, "s2")
                let again = try await world.result("s2")
                #expect(again.effect == .alreadyRunning && again.containerID == id)
                #expect(again.engineEndpoint == started.engineEndpoint)
                #expect(await world.docker.containersByName.count == 1)
                try await world.push(.stop, "t1")
                #expect(try await world.result("t1").effect == .stopped)
                try await world.push(.remove, "r1")
                #expect(try await world.result("r1").effect == .removed)
                #expect(await world.docker.containersByName.isEmpty)
            }
        }
    }

    @Test("a container whose image has our labels has no events and no node reservation")
    func inherited() async throws {
        try await WorkerWorld.with { world in
            var spec = WorkerWorld.spec(game: "g1")
            let labels = spec.labels
            await world.docker.addImage(.init("forged:1", labels: labels))
            spec.image = "forged:1"
            spec.labels = [:]
            let forged = await world.docker.addForeignContainer(spec)
            try await world.withWorker { _ in
                await world.docker.setHealth(container: forged.text, "healthy")
                await world.docker.exit(container: forged.text, code: 3)
                let ours = await world.docker.addForeignContainer(WorkerWorld.spec(game: "g2"))
                try await eventually("the events of ours", until: { $0.count == 1 }) { try await world.events() }
                #expect(try await world.events().first?["container_id"] == ours.text)
                #expect(try await !world.holdsRoom("g1"))
                try await world.push(.stop, "t1")
                #expect(try await world.result("t1").errorCode == ErrorCode.nameConflict.rawValue)
                #expect(await world.docker.containersByName.values.contains { $0.id == forged })
            }
        }
    }

    @Test("a container that ends between the list and its inspection does not count as running")
    func endedMeanwhile() async throws {
        try await WorkerWorld.with { world in
            let ownership = ContainerOwnership(docker: world.docker, queue: world.queue(), namespace: "rtm")
            let id = try await world.docker.run(WorkerWorld.spec(game: "g1")).containerID
            await world.docker.delay(.inspectContainer, by: .milliseconds(500))
            async let rows = ownership.ownedRows()
            try await eventually("the inspection") { await world.docker.calls[.inspectContainer] == 1 }
            await world.docker.exit(container: id.text, code: 0)
            #expect(try await rows.map(\.isRunning) == [false])
        }
    }

    @Test("a container that somebody has started again is inspected again: a list shows no limits")
    func startedAgain() async throws {
        try await WorkerWorld.with { world in
            let ownership = ContainerOwnership(docker: world.docker, queue: world.queue(), namespace: "rtm")
            let id = try await world.docker.run(WorkerWorld.spec(game: "g1")).containerID
            await world.docker.exit(container: id.text, code: 0)
            #expect(try await ownership.ownedRows().map(\.isRunning) == [false])
            await world.docker.start(container: id.text)
            let rows = try await ownership.ownedRows()
            #expect(rows.map(\.isRunning) == [true])
            #expect(ownership.runningGames(of: rows).mapValues(\.containerID) == ["g1": id])
            let inspections = await world.docker.calls[.inspectContainer]
            #expect(try await ownership.ownedRows() == rows)
            #expect(await world.docker.calls[.inspectContainer] == inspections)
        }
    }
}
