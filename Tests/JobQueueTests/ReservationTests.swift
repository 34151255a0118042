import JobContract
import JobQueue
import Primitives
import QueueAdmin
import Redis
import Support
import Testing

/// Nodes reserve CPU and memory in the claim itself, on a real Redis.
@Suite("Reservations of CPU and memory", .timeLimit(.minutes(2)))
struct ReservationTests {
    private static let gibibyte: Int64 = 1 << 30

    private func start(_ id: JobID, memory: String? = nil, cpu: Double? = nil) -> String {
        var limits: [String] = []
        if let memory { limits.append(#""memory":"\#(memory)""#) }
        if let cpu { limits.append(#""cpu_quota":\#(cpu)"#) }
        let more = limits.isEmpty ? "" : #","limits":{\#(limits.joined(separator: ","))}"#
        return QueueWorld.message(.start, id, game: GameID("g-\(id)"), more: more)
    }

    /// A worker of a node with this capacity, which has announced its games.
    private func worker(
        _ world: QueueWorld,
        _ capacity: NodeCapacity,
        name: String = "w1",
        node: NodeID = "n1",
        games: [OwnedGame] = []
    ) async throws -> JobQueue {
        let queue = world.worker(name, node: node, options: world.options(capacity))
        try await queue.announce(games)
        return queue
    }

    @Test("a start waits until its limits fit; smaller starts behind it go on")
    func limits() async throws {
        try await QueueWorld.with { world in
            let one = try await worker(world, NodeCapacity(memory: 2 * Self.gibibyte))
            let two = try await worker(world, NodeCapacity(memory: 2 * Self.gibibyte), name: "w2")
            try await world.push(
                start("large", memory: "1536m"),
                start("second", memory: "1g"),
                start("small", memory: "256m"),
                start("usual")
            )
            try await world.intake(one)
            // Two workers of the node share one capacity.
            let first = try await world.claim(one, starts: 1)
            #expect(first.map(\.id) == ["large"])
            #expect(first.map(\.reservation?.demand) == [Demand(cpu: 1_000, memory: 1_536 << 20)])
            #expect(try await world.claim(two).map(\.id) == ["small"])
            #expect(try await world.claim(one).isEmpty)
            // 512 MiB more are free, but not a GiB.
            try await world.finish(one, first[0], .failed(.imageNotFound, "x"), owner: .undo, freesReservation: true)
            #expect(try await world.claim(two).map(\.id) == ["second", "usual"])
        }
    }

    @Test("CPUs count only if the node has a capacity of CPUs")
    func cpus() async throws {
        try await QueueWorld.with { world in
            let counting = try await worker(world, NodeCapacity(cpu: 2_000))
            for number in 1...3 { try await world.push(start("c\(number)", cpu: 1)) }
            try await world.intake(counting)
            #expect(try await world.claim(counting).count == 2)
            let other = try await worker(world, NodeCapacity(), name: "w2", node: "n2")
            try await world.push(start("many", cpu: 500))
            try await world.intake(other)
            #expect(try await world.claim(other).map(\.id) == ["c3", "many"])
        }
    }

    @Test("the smallest capacity of a node's workers holds, and every worker learns that they differ")
    func smallest() async throws {
        try await QueueWorld.with { world in
            let one = try await worker(world, NodeCapacity(slots: 5, memory: 4 * Self.gibibyte))
            #expect(try await one.sweep().capacityDiffers == false)
            let two = try await worker(world, NodeCapacity(slots: 2), name: "w2")
            for queue in [one, two] { #expect(try await queue.sweep().capacityDiffers) }
            for number in 1...4 { try await world.push(start("s\(number)", memory: "1g")) }
            try await world.intake(one)
            #expect(try await world.claim(one).count == 2)
            let node = try #require(try await one.overview(of: "n1").nodes.first)
            #expect(node.capacity == NodeCapacity(slots: 2, memory: 4 * Self.gibibyte) && node.capacityDiffers)
            #expect(node.used == Demand(cpu: 2_000, memory: 2 * Self.gibibyte))
            try await two.deregister()
            #expect(try await one.sweep().capacityDiffers == false)
            #expect(try await world.claim(one).count == 2)
        }
    }

    @Test("a start whose image asks for more than the node has goes back, and runs on another node")
    func imageLimits() async throws {
        try await QueueWorld.with { world in
            let small = try await worker(world, NodeCapacity(memory: Self.gibibyte))
            try await world.push(start("s1"))
            try await world.intake(small)
            let job = try #require(try await world.claim(small).first)
            let wanted = Demand(cpu: 1_000, memory: 2 * Self.gibibyte)
            #expect(try await small.reserve(Demand(cpu: 1_000, memory: Self.gibibyte), for: job.held) == .ok)
            #expect(try await small.reserve(wanted, for: job.held) == .full)
            #expect(try await small.reserve(wanted, for: job.held) == .stale)
            #expect(try await small.reservations().isEmpty)
            // The game has no owner, and the attempt does not count.
            #expect(try await world.owners().isEmpty)
            #expect(try await world.claim(small).isEmpty)
            let large = try await worker(world, NodeCapacity(memory: 3 * Self.gibibyte), name: "w2", node: "n2")
            let again = try #require(try await world.claim(large).first)
            #expect(again.attempt == 1 && again.reservation?.demand == wanted)
        }
    }

    @Test("a game that a node owns waits there for its capacity, and keeps its owner")
    func ownedGame() async throws {
        try await QueueWorld.with { world in
            let running = RunningGame(containerID: "c1", demand: Demand(cpu: 1_000, memory: Self.gibibyte))
            let owned = OwnedGame(gameID: "g1", isRunning: true, running: running)
            let worker = try await worker(world, NodeCapacity(memory: 2 * Self.gibibyte), games: [owned])
            try await world.push(QueueWorld.message(.restart, "r1", more: #","image":"engine:1""#))
            try await world.intake(worker)
            let job = try #require(try await world.claim(worker).first)
            // The running container keeps what it has.
            #expect(job.reservation?.demand == Demand(cpu: 1_000, memory: Self.gibibyte))
            #expect(try await worker.reserve(Demand(cpu: 1_000, memory: 3 * Self.gibibyte), for: job.held) == .full)
            #expect(
                try await worker.reservations().mapValues(\.demand) == ["g1": Demand(cpu: 1_000, memory: Self.gibibyte)]
            )
            #expect(try await world.owners() == ["g1": "n1"])
        }
    }

    @Test("the reservation of a running game becomes what its container has")
    func exact() async throws {
        try await QueueWorld.with { world in
            let worker = try await worker(world, NodeCapacity(memory: 2 * Self.gibibyte))
            try await world.push(start("s1"))
            try await world.intake(worker)
            let job = try #require(try await world.claim(worker).first)
            let small = Demand(cpu: 500, memory: 64 << 20)
            let started = StartedContainer(containerID: "c1", checkpoint: "s0", demand: small)
            _ = try await worker.finish([QueueWorld.finished(job, started: started)])
            #expect(try await worker.reservations().mapValues(\.demand) == ["g-s1": small])
            let node = try #require(try await worker.overview(of: "n1").nodes.first)
            #expect(node.used == small && node.games == 1)
        }
    }

    @Test("the end of a game wakes a worker of its node for a start that waits for capacity")
    func wakes() async throws {
        try await QueueWorld.with { world in
            _ = try await world.client.send(RedisCommand("SADD", .string(world.keys.queues), "default"))
            let busy = try await worker(world, NodeCapacity(memory: Self.gibibyte))
            let idle = try await worker(world, NodeCapacity(memory: Self.gibibyte), name: "w2")
            try await world.push(start("s1", memory: "1g"), start("s2", memory: "1g"))
            try await world.intake(busy)
            let job = try #require(try await world.claim(busy, starts: 1).first)
            #expect(try await world.claim(idle).isEmpty)
            // The worker that ends the job says that it claims next, so nobody else is woken.
            let ended = QueueWorld.finished(job, .failed(.imageNotFound, "x"), owner: .undo, freesReservation: true)
            let outcome = try await busy.finish([ended], next: .byOthers)
            #expect(outcome.answers == [.ok])
            let bell = RedisArgument.string(world.keys.doorbell("w2"))
            let words = try await world.client.send(RedisCommand("LRANGE", bell, 0, -1)).array?.compactMap(\.string)
            #expect(words == ["ready"])
            #expect(try await world.claim(idle).map(\.id) == ["s2"])
        }
    }

    @Test("a game needs no more than it has: a restart without limits, and a start that finds it running")
    func held() async throws {
        try await QueueWorld.with { world in
            let small = RunningGame(containerID: "c1", demand: Demand(cpu: 1_000, memory: 256 << 20))
            let games = (1...4).map { OwnedGame(gameID: GameID("g\($0)"), isRunning: true, running: small) }
            let worker = try await worker(world, NodeCapacity(memory: Self.gibibyte), games: games)
            try await world.push(
                QueueWorld.message(.restart, "r1", game: "g1"),
                QueueWorld.message(.start, "s2", game: "g2", more: #","limits":{"memory":"900m"}"#),
                QueueWorld.message(.restart, "r3", game: "g3", more: #","limits":{"memory":"512m"}"#)
            )
            try await world.intake(worker)
            let jobs = try await world.claim(worker)
            #expect(jobs.map(\.id) == ["r1", "s2"])
            #expect(jobs.map(\.reservation?.demand) == [small.demand, small.demand])
        }
    }

    @Test("the end of a container does not end the reservation for the next one")
    func nextContainer() async throws {
        try await QueueWorld.with { world in
            let worker = try await worker(world, NodeCapacity(memory: 2 * Self.gibibyte))
            guard case .granted(let epoch, _) = try await worker.lead(ttl: .seconds(5)) else { return }
            try await world.push(start("s1"))
            try await world.intake(worker)
            let job = try #require(try await world.claim(worker).first)
            let started = StartedContainer(containerID: "new", checkpoint: "s2", demand: QueueWorld.usual)
            _ = try await worker.finish([QueueWorld.finished(job, started: started)])
            for container: ContainerID in ["old", "new"] {
                let update = LifecycleUpdate(
                    containerID: container,
                    gameID: "g-s1",
                    expectedCheckpoint: "",
                    newCheckpoint: "e1",
                    entries: []
                )
                #expect(try await worker.publish([update], epoch: epoch, cursor: nil) == [.published])
                #expect(try await worker.reservations().isEmpty == (container == "new"))
            }
        }
    }

    @Test("a late step of an older container does not replace the reservation of the next one")
    func lateStep() async throws {
        try await QueueWorld.with { world in
            let worker = try await worker(world, NodeCapacity(memory: 2 * Self.gibibyte))
            guard case .granted(let epoch, _) = try await worker.lead(ttl: .seconds(5)) else { return }
            try await world.push(start("s1"))
            try await world.intake(worker)
            let job = try #require(try await world.claim(worker).first)
            let started = StartedContainer(containerID: "new", checkpoint: "s2", demand: QueueWorld.usual)
            _ = try await worker.finish([QueueWorld.finished(job, started: started)])
            for (container, expected, checkpoint) in [("old", "", "s1"), ("old", "s1", "e1"), ("new", "", "s1")] {
                let update = LifecycleUpdate(
                    containerID: ContainerID(container),
                    gameID: "g-s1",
                    expectedCheckpoint: expected,
                    newCheckpoint: checkpoint,
                    entries: [],
                    demand: container == "old" ? Demand(cpu: 1, memory: 1) : QueueWorld.usual
                )
                #expect(try await worker.publish([update], epoch: epoch, cursor: nil) == [.published])
                let held = try await worker.reservations()["g-s1"]
                #expect(held == NodeReservation(demand: QueueWorld.usual, containerID: "new"), "after \(checkpoint)")
            }
        }
    }

    /// The start of c1, which has ended since.
    private static let lateStart = LifecycleUpdate(
        containerID: "c1",
        gameID: "g1",
        expectedCheckpoint: "",
        newCheckpoint: "s1",
        entries: [],
        demand: QueueWorld.usual
    )

    @Test("a leader that says late that a stopped container runs reserves nothing for it")
    func lateStartOfStopped() async throws {
        try await QueueWorld.with { world in
            let worker = try await worker(world, NodeCapacity(memory: 2 * Self.gibibyte))
            guard case .granted(let epoch, _) = try await worker.lead(ttl: .seconds(5)) else { return }
            try await worker.record(.asked(jobID: "x1", intent: "x1"), of: "c1")
            try await worker.record(.forced(false), of: "c1")
            #expect(try await worker.publish([Self.lateStart], epoch: epoch, cursor: nil) == [.published])
            #expect(try await worker.reservations().isEmpty)
        }
    }

    @Test("a leader that says late that a removed container runs reserves nothing for it")
    func lateStart() async throws {
        try await QueueWorld.with { world in
            let worker = try await worker(world, NodeCapacity(memory: 2 * Self.gibibyte))
            guard case .granted(let epoch, _) = try await worker.lead(ttl: .seconds(5)) else { return }
            try await worker.record(.exit("the end"), of: "c1")
            let running = RunningGame(containerID: "c1", demand: QueueWorld.usual)
            try await worker.correctReservations(free: [], taken: ["g1": running], epoch: epoch)
            #expect(try await worker.reservations().isEmpty)
            #expect(try await worker.publish([Self.lateStart], epoch: epoch, cursor: nil) == [.published])
            #expect(try await worker.reservations().isEmpty)
        }
    }

    @Test(
        "a worker that announces late that a removed container runs reserves nothing for it",
        arguments: ["reported", "published"]
    )
    func lateAnnouncement(removal: String) async throws {
        try await QueueWorld.with { world in
            let worker = try await worker(world, NodeCapacity(memory: 2 * Self.gibibyte))
            guard case .granted(let epoch, _) = try await worker.lead(ttl: .seconds(5)) else { return }
            #expect(try await worker.publish([Self.lateStart], epoch: epoch, cursor: nil) == [.published])
            if removal == "reported" {
                try await worker.record(.exit("the end"), of: "c1")
            } else {
                var update = Self.lateStart
                (update.expectedCheckpoint, update.newCheckpoint) = ("s1", "")
                #expect(try await worker.publish([update], epoch: epoch, cursor: nil) == [.published])
            }
            try await worker.correctReservations(free: ["g1"], taken: [:], epoch: epoch)
            let running = RunningGame(containerID: "c1", demand: QueueWorld.usual)
            try await worker.announce([OwnedGame(gameID: "g1", isRunning: true, running: running)])
            #expect(try await worker.reservations().isEmpty)
            let other = RunningGame(containerID: "c2", demand: QueueWorld.usual)
            try await worker.announce([OwnedGame(gameID: "g1", isRunning: true, running: other)])
            #expect(try await worker.reservations()["g1"]?.containerID == "c2")
        }
    }

    @Test("a node without announced games takes no start: nobody knows what runs there")
    func unknownNode() async throws {
        try await QueueWorld.with { world in
            let worker = try await worker(world, NodeCapacity(slots: 1))
            try await world.push(start("s1"))
            try await world.intake(worker)
            let node = RedisArgument.string(world.keys.prefix + "node:n1")
            _ = try await world.client.send(RedisCommand("DEL", node))
            #expect(try await worker.claim(Capacity(starts: 1, stops: 1)).jobs.isEmpty)
            try await worker.announce([OwnedGame(gameID: "g9", isRunning: true)])
            #expect(try await world.claim(worker).isEmpty)
        }
    }

    @Test("the capacity of a node stays when its workers have gone")
    func lastWorker() async throws {
        try await QueueWorld.with { world in
            let worker = try await worker(world, NodeCapacity(slots: 1))
            try await worker.deregister()
            let other = world.worker("w2")
            #expect(try await other.overview(of: "n1").nodes.first?.capacity == NodeCapacity(slots: 1))
        }
    }

    @Test("starts of stopped games that outgrow their node together give back what they have claimed")
    func restored() async throws {
        try await QueueWorld.with { world in
            let games = (1...4).map { OwnedGame(gameID: GameID("g\($0)"), isRunning: false) }
            let worker = try await worker(world, NodeCapacity(memory: 6 * Self.gibibyte), games: games)
            for number in 1...4 { try await world.push(QueueWorld.message(.start, "s\(number)", game: "g\(number)")) }
            try await world.intake(worker)
            let wanted = Demand(cpu: 1_000, memory: 5 * Self.gibibyte)
            var answers: [ReserveAnswer] = []
            for job in try await world.claim(worker) { answers.append(try await worker.reserve(wanted, for: job.held)) }
            // The second fits, because the first has given back its part.
            #expect(answers == [.full, .ok, .full, .full])
            #expect(try await worker.reservations().mapValues(\.demand) == ["g2": wanted])
            #expect(try await world.owners().count == 4)
        }
    }

    @Test("a start that fails before it has made a container may run on another node")
    func movesAfterFailure() async throws {
        try await QueueWorld.with { world in
            let one = try await worker(world, NodeCapacity(slots: 1))
            try await world.push(start("s1"))
            try await world.intake(one)
            let job = try #require(try await world.claim(one).first)
            let failure = FailedAttempt(pause: .zero, code: .imagePullFailed, error: "x", reservation: .free)
            #expect(try await one.retry(job.held, after: failure))
            #expect(try await world.owners().isEmpty)
            _ = try await one.sweep()
            let two = try await worker(world, NodeCapacity(slots: 1), name: "w2", node: "n2")
            #expect(try await world.claim(two).map(\.id) == ["s1"])
        }
    }

    @Test("a node with a range of ports reserves one for each game, and none when all are taken")
    func ports() async throws {
        try await QueueWorld.with { world in
            let worker = try await worker(world, NodeCapacity(ports: 30_000...30_002))
            for number in 1...4 { try await world.push(start("s\(number)")) }
            try await world.intake(worker)
            let jobs = try await world.claim(worker)
            #expect(jobs.map(\.reservation?.port) == [30_000, 30_001, 30_002])
            // Somebody else holds the first port, and no other is free.
            #expect(try await worker.changePort(for: jobs[0].held) == .none)
            try await world.finish(worker, jobs[1], .failed(.imageNotFound, "x"), owner: .undo, freesReservation: true)
            #expect(try await worker.changePort(for: jobs[0].held) == .port(30_001))
            #expect(try await world.claim(worker).map(\.reservation?.port) == [30_000])
            let held = try await world.hash(world.keys.prefix + "ports:n1")
            #expect(held == ["30000": "g-s4", "30001": "g-s1", "30002": "g-s3"])
            let begun = StartedContainer(containerID: "c1", checkpoint: "s0", demand: QueueWorld.usual, port: 30_001)
            _ = try await worker.finish([QueueWorld.finished(jobs[0], started: begun)])
            #expect(try await world.hash(world.keys.prefix + "ports:n1") == held)
        }
    }

    @Test("a node that announces its games reserves the ports of their containers")
    func announcedPorts() async throws {
        try await QueueWorld.with { world in
            let running = RunningGame(containerID: "c1", demand: QueueWorld.usual, port: 30_000)
            let game = OwnedGame(gameID: "g1", isRunning: true, running: running)
            let worker = try await worker(world, NodeCapacity(ports: 30_000...30_001), games: [game])
            try await world.push(start("s1"), start("s2"))
            try await world.intake(worker)
            #expect(try await world.claim(worker).map(\.reservation?.port) == [30_001])
        }
    }
}
