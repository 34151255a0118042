import JobContract
import Primitives
import Redis
import Support
import Testing

@testable import JobQueue

@Suite("The fence of a game", .timeLimit(.minutes(1)))
struct FenceTests {
    private func game(_ fence: Int64, isRunning: Bool = true) -> OwnedGame {
        OwnedGame(gameID: "g1", isRunning: isRunning, fence: fence)
    }

    private func fence(_ world: QueueWorld) async throws -> Int64? {
        try await world.hash(world.keys.prefix + "fences")["g1"].flatMap { Int64($0) }
    }

    private func mustAnnounce(_ queue: JobQueue) async throws -> Bool {
        try await queue.extend([], docker: .answers).mustAnnounce
    }

    @Test("of two nodes with a container of a game, the newer container owns, whoever announces first")
    func newer() async throws {
        for isNewerFirst in [true, false] {
            try await QueueWorld.with { world in
                let (old, new) = (world.worker("w1", node: "n1"), world.worker("w2", node: "n2"))
                for queue in [old, new] { try await queue.register() }
                if isNewerFirst { #expect(try await new.announce([game(9)]).isEmpty) }
                #expect(try await old.announce([game(5)]) == (isNewerFirst ? ["g1"] : []))
                if !isNewerFirst {
                    #expect(try await new.announce([game(9)]).isEmpty)
                    // The old owner learns of it by its next sign of life.
                    #expect(try await mustAnnounce(old))
                    #expect(try await old.announce([game(5)]) == ["g1"])
                }
                #expect(try await old.announce([game(5, isRunning: false)], stopped: ["g1"]).isEmpty)
                for queue in [old, new] { #expect(try await !mustAnnounce(queue)) }
                #expect(try await world.owners() == ["g1": "n2"])
                #expect(try await fence(world) == 9)
            }
        }
    }

    @Test("that is equal on two nodes is one container under two names, and stops nothing")
    func equal() async throws {
        try await QueueWorld.with { world in
            let (one, two) = (world.worker("w1", node: "n1"), world.worker("w2", node: "n2"))
            for queue in [one, two] { try await queue.register() }
            for queue in [one, two, one] { #expect(try await queue.announce([game(5)]).isEmpty) }
            #expect(try await world.owners() == ["g1": "n1"])
        }
    }

    @Test("moves the waiting jobs of the game to the new owner, and its older container does not end the ownership")
    func waiting() async throws {
        try await QueueWorld.with { world in
            let (old, new) = (world.worker("w1", node: "n1"), world.worker("w2", node: "n2"))
            for queue in [old, new] { try await queue.announce([]) }
            try await old.announce([game(5)])
            try await world.push(QueueWorld.message(.remove, "r1"), QueueWorld.message(.stop, "t1", game: "g1"))
            while try await world.intake(old).taken > 0 {}
            let running = try #require(try await world.claim(old).first)
            #expect(running.id == "r1")
            try await new.announce([game(9)])
            let removed = JobEnding(.succeeded, effect: .removed)
            try await world.finish(old, running, removed, owner: .clear, freesReservation: true)
            #expect(try await world.owners() == ["g1": "n2"])
            #expect(try await world.claim(old).isEmpty)
            #expect(try await world.claim(new).map(\.id) == ["t1"])
        }
    }

    @Test("keeps a leftover of an earlier run from taking a game whose start is on its way")
    func leftover() async throws {
        try await QueueWorld.with { world in
            let (here, other) = (world.worker("w1", node: "n1"), world.worker("w2", node: "n2"))
            for queue in [here, other] { try await queue.announce([]) }
            try await world.push(QueueWorld.message(.start, "s1"))
            try await world.intake(here)
            let job = try #require(try await world.claim(here).first)
            for isRunning in [false, true] {
                let mustStop = try await other.announce([game(1_000, isRunning: isRunning)])
                #expect(mustStop == (isRunning ? ["g1"] : []))
            }
            #expect(try await world.owners() == ["g1": "n1"])
            // The end of a job whose game has moved does not raise the fence of the new owner.
            try await other.announce([], stopped: ["g1"])
            try await other.announce([game(9_000_000_000_000_000)])
            _ = try await here.finish([
                QueueWorld.finished(
                    job,
                    started: StartedContainer(containerID: "c1", checkpoint: "s0", demand: QueueWorld.usual)
                )
            ])
            #expect(try await world.owners() == ["g1": "n2"])
            #expect(try await fence(world) == 9_000_000_000_000_000)
        }
    }

    @Test("of a wrong type stops no job")
    func wrongType() async throws {
        try await QueueWorld.with { world in
            for key in ["fences", "machines", "forgotten"] {
                _ = try await world.client.send(RedisCommand("SET", .string(world.keys.prefix + key), "x"))
            }
            let machine = MachineFingerprint(engine: "E1", name: "host-a")
            let worker = world.worker("w1", machine: machine)
            try await worker.register()
            try await worker.announce([game(5)])
            try await world.push(QueueWorld.message(.remove, "r1"), QueueWorld.message(.start, "s1"))
            while try await world.intake(worker).taken > 0 {}
            let remove = try #require(try await world.claim(worker).first)
            try await world.finish(worker, remove, JobEnding(.succeeded, effect: .removed), owner: .clear)
            let start = try #require(try await world.claim(worker).first)
            let started = StartedContainer(containerID: "c1", checkpoint: "s0", demand: QueueWorld.usual)
            let answer = try await worker.finish([QueueWorld.finished(start, started: started)])
            #expect(answer.answers == [.ok])
            _ = try await worker.sweep()
        }
    }

    @Test("is the number of the claim that started the container, and a claim never lowers it")
    func claim() async throws {
        try await QueueWorld.with { world in
            let worker = world.worker("w1")
            try await worker.announce([])
            try await world.push(QueueWorld.message(.start, "s1"))
            try await world.intake(worker)
            let job = try #require(try await world.claim(worker).first)
            #expect(try await fence(world) == job.token.fence)
            let started = StartedContainer(containerID: "c1", checkpoint: "s0", demand: QueueWorld.usual)
            _ = try await worker.finish([QueueWorld.finished(job, started: started)])
            #expect(job.token.fence > 1_000_000_000_000_000)
            #expect(try await fence(world) == job.token.fence)
            try await worker.announce([game(7)])
            #expect(try await fence(world) == job.token.fence)
            // Without the owner, the game has no fence either.
            try await world.push(QueueWorld.message(.remove, "r1"))
            try await world.intake(worker)
            let remove = try #require(try await world.claim(worker).first)
            try await world.finish(worker, remove, JobEnding(.succeeded, effect: .removed), owner: .clear)
            #expect(try await fence(world) == nil)
        }
    }
}

@Suite("The machine of a node", .timeLimit(.minutes(1)))
struct MachineTests {
    private static let machine = MachineFingerprint(engine: "E1", name: "host-a", root: "/var/lib/docker", boot: "b1")

    @Test(
        "a second machine with the id of a node is refused while a worker of the first lives",
        arguments: [
            MachineFingerprint(engine: "E1", name: "host-a", root: "/var/lib/docker", boot: "b2"),
            MachineFingerprint(engine: "E1", name: "host-b", root: "/var/lib/docker", boot: nil),
            MachineFingerprint(engine: "E1", name: "host-a", root: "/data", boot: nil),
            MachineFingerprint(engine: "E2", name: "host-a", root: nil, boot: nil),
        ]
    )
    func clone(_ machine: MachineFingerprint) async throws {
        try await QueueWorld.with { world in
            let first = world.worker("w1", machine: Self.machine)
            let second = world.worker("w2", machine: machine)
            try await first.register()
            let error = await #expect(throws: QueueError.self) { try await second.register() }
            let sentence = "workers of node n1 live on another machine (host-a); set RTM_NODE of one of the machines"
            #expect(error?.description.contains(sentence) == true, "\(String(describing: error))")
            try await first.deregister()
            try await second.register()
            _ = await #expect(throws: QueueError.self) { try await first.register() }
        }
    }

    @Test("a machine under the ids of two nodes is refused while a worker of the first node lives")
    func twoNames() async throws {
        try await QueueWorld.with { world in
            let first = world.worker("w1", machine: Self.machine)
            let second = world.worker("w2", node: "n2", machine: Self.machine)
            try await first.register()
            let error = await #expect(throws: QueueError.self) { try await second.register() }
            let sentence = "workers of node n1 live on this machine; give all workers of a machine the same RTM_NODE"
            #expect(error?.description.contains(sentence) == true, "\(String(describing: error))")
            // The sign of life of a dead worker lapses.
            _ = try await world.client.send(RedisCommand("ZADD", .string(world.keys.prefix + "workers"), 1, "w1"))
            try await second.register()
        }
    }

    @Test("parts that one side cannot see are not compared, and two Docker Engines of a machine are two nodes")
    func unseen() async throws {
        try await QueueWorld.with { world in
            let seen = MachineFingerprint(engine: "E1", name: "host-a")
            let other = MachineFingerprint(engine: "E2", name: "host-a", root: "/data", boot: "b1")
            try await world.worker("w1", machine: Self.machine).register()
            try await world.worker("w2", machine: seen).register()
            try await world.worker("w3", machine: nil).register()
            try await world.worker("w4", machine: Self.machine).register()
            try await world.worker("w5", node: "n2", machine: other).register()
        }
    }

    @Test("after a change of its id, the machine goes on with its games at once")
    func renamed() async throws {
        try await QueueWorld.with { world in
            let games = [OwnedGame(gameID: "g1", isRunning: true, fence: 5), OwnedGame(gameID: "g2", isRunning: true)]
            let first = world.worker("w1", machine: Self.machine)
            try await first.announce(games)
            try await first.deregister()
            let renamed = world.worker("w2", node: "n2", machine: Self.machine)
            #expect(try await renamed.announce(games).isEmpty)
            // Two containers without a label cannot be told apart.
            #expect(try await world.owners() == ["g1": "n2", "g2": "n1"])
            #expect(try await world.client.send(RedisCommand("EXISTS", "{rtm}:disowned:n1")).integer == 0)
        }
    }

    @Test("after a boot, the node has the new boot id")
    func boot() async throws {
        try await QueueWorld.with { world in
            try await world.worker("w1", machine: Self.machine).register()
            _ = try await world.client.send(RedisCommand("ZADD", .string(world.keys.prefix + "workers"), 1, "w1"))
            var booted = Self.machine
            booted.boot = "b2"
            try await world.worker("w2", machine: booted).register()
            let machines = try await world.hash(world.keys.prefix + "machines")
            #expect(machines == ["E1\nhost-a\n/var/lib/docker\nb2": "n1"])
        }
    }
}
