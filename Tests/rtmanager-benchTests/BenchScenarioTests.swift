import Foundation
import Support
import Testing

@testable import Commands

/// Runs every scenario of the bench, short. What fails here are figures that stay the same on a machine that has other
/// work: counts, memory, and CPU within wide bounds. Times are for people.
@Suite("The scenarios of the bench", .tags(.timing), .timeLimit(.minutes(5)))
struct BenchScenarioTests {
    @Test("drain: commands, CPU and memory stay within bounds, and ended jobs leave nothing behind")
    func drain() async throws {
        let figures = try await Figures.of("drain", ["--jobs", "5000", "--observed"])
        #expect(try figures["jobs a second"].value > 0)
        #expect(try figures["calls of scripts a job"].value < 0.5)
        // 10 to take a job in, 8 to claim it, 10 to end it.
        #expect(try figures["commands to Redis a job, those of scripts too"].value < 32)
        #expect(try #require(figures["CPU of Redis a job"].ratio) < 10)
        #expect(try #require(figures["CPU of the worker a job"].ratio) < 20)
        #expect(try figures["memory of the worker, at most"].value < 128)
        #expect(try figures["with metrics and traces: jobs a second"].value > 0)
    }

    @Test("latency: a single job has a result, compared with a bare loop")
    func latency() async throws {
        let figures = try await Figures.of("latency")
        let (half, most) = (try figures["push to result, p50"], try figures["push to result, p99"])
        #expect(half.value > 0 && half.value <= most.value)
        #expect(try #require(half.baseline) > 0)
    }

    @Test("backlog: the cost of a job in Redis does not depend on the backlog")
    func backlog() async throws {
        let figures = try await Figures.of("backlog")
        // What grows with the queue does so in each round, whatever else the machine does.
        #expect(try figures["CPU of Redis a job, most over fewest, least"].value < 1.5)
    }

    @Test("idle: a worker without work sends few commands")
    func idle() async throws {
        let figures = try await Figures.of("idle")
        #expect(try figures["round trips to Redis"].value < 3)
        #expect(try figures["commands to Redis, those of scripts too"].value < 3.5)
        #expect(try figures["resident memory of the worker"].value < 96)
    }

    @Test("fleet: a push wakes one worker, however many wait")
    func fleet() async throws {
        let figures = try await Figures.of("fleet")
        for workers in [1, 10] {
            #expect((1..<1.5).contains(try figures["with \(workers) waiting: wake-ups a push"].value))
            #expect(try figures["with \(workers) waiting: calls of scripts a push"].value <= 5)
        }
    }

    @Test("failover: a successor leads and publishes, and the job of a killed worker ends")
    func failover() async throws {
        let figures = try await Figures.of("failover")
        for title in ["leader killed", "leader stopped"] {
            let leads = try figures["\(title) to a successor that leads, at most"].value
            let acts = try figures["\(title) to its first event, at most"].value
            #expect(leads > 0 && leads <= acts)
        }
        #expect(try figures["worker killed to the result of its job, at most"].value > 0)
    }

    @Test("reconcile: jobs continue during a reconcile of all games")
    func reconcile() async throws {
        let figures = try await Figures.of("reconcile")
        #expect(try figures["push to result while 500 games are compared, p50"].value > 0)
        #expect(try figures["events told beyond one of each game"].value == 0)
    }

    @Test("nodes: a burst of starts spreads evenly over the nodes, and nothing is lost with the data of Redis")
    func nodes() async throws {
        let figures = try await Figures.of("nodes")
        #expect(try figures["fairness (Jain)"].value >= 0.95)
        #expect(try figures["games of a node: least"].value > 0)
        #expect(try figures["120 starts at once: commands a job"].value < 160)
        #expect(try figures["an emptied Redis: a start has ended after"].value > 0)
    }

    @Test("soak: no result is lost or published twice, and memory stays within bounds")
    func soak() async throws {
        let figures = try await Figures.of("soak")
        #expect(try figures["jobs"].value > 0)
        #expect(try figures["results lost"].value == 0)
        #expect(try figures["results twice"].value == 0)
        #expect(try figures["jobs failed"].value == 0)
        #expect(try figures["memory of the worker, at most"].value < 128)
    }

    @Test("an interrupted bench leaves nothing behind")
    func interrupted() async throws {
        let directory = try temporaryDirectory("bench")
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let process = try await ChildProcess.start(
            [try Support.Program.path, "bench", "idle"],
            environment: ["TMPDIR": directory],
            logPath: directory + "/output"
        )
        func left() throws -> [String] {
            try FileManager.default.contentsOfDirectory(atPath: directory).filter { $0.hasPrefix("rtmanager-bench-") }
        }
        try await eventually(
            "the bench to have a worker",
            until: { $0.contains { FileManager.default.fileExists(atPath: "\(directory)/\($0)/worker.log") } }
        ) {
            try left()
        }
        process.signal(SIGTERM)
        #expect(await process.waitForExit(atMost: .seconds(20)) == 1)
        #expect(process.log.contains("everything of the bench has been taken down"))
        #expect(try left() == [])
    }
}

/// What the program told of one scenario.
struct Figures {
    struct Figure: Decodable {
        var name: String
        var value: Double
        var baseline: Double?
        var ratio: Double?
    }

    private struct Report: Decodable {
        var scenario: String
        var figures: [Figure]
        var notes: [String]?
        var table: [String]?
    }

    private let figures: [String: Figure]
    /// What could not be measured.
    let notes: [String]
    /// The lines of the table in Markdown.
    let table: [String]

    /// Runs the scenario, short.
    static func of(
        _ scenario: String,
        _ arguments: [String] = [],
        environment: [String: String] = [:],
        exitCode: Int32 = 0
    ) async throws -> Figures {
        let output = try await Support.Program.run(
            ["bench", scenario, "--quick", "--output", "json"] + arguments,
            environment: environment,
            within: .seconds(200)
        )
        try #require(output.exitCode == exitCode, "\(output.errors)")
        let line = try #require(output.output.split(separator: "\n").last)
        let report = try JSONDecoder().decode(Report.self, from: Data(line.utf8))
        try #require(report.scenario == scenario)
        for figure in report.figures {
            print(
                "\(scenario): \(figure.name) \(figure.value), baseline \(figure.baseline ?? .nan), ratio \(figure.ratio ?? .nan)"
            )
        }
        return Figures(
            figures: Dictionary(uniqueKeysWithValues: report.figures.map { ($0.name, $0) }),
            notes: report.notes ?? [],
            table: report.table ?? []
        )
    }

    subscript(_ name: String) -> Figure {
        get throws { try #require(figures[name], "no figure \(name), but \(figures.keys.sorted())") }
    }
}

/// The scenarios that take containers, on a real Engine.
@Suite("The bench on a Docker Engine", .tags(.timing), .engineWorld, .serialized, .timeLimit(.minutes(5)))
struct BenchEngineTests {
    private func figures(of scenario: String, _ arguments: String...) async throws -> Figures {
        let world = try #require(EngineWorld.current)
        let own = ["--image", world.image, "--network", world.network]
        return try await Figures.of(scenario, own + arguments, environment: ["DOCKER_HOST": world.engine.host])
    }

    @Test("start: pairs of a job and a direct start by Docker")
    func start() async throws {
        let figures = try await figures(of: "start")
        #expect(try #require(figures["push to the result of a start, p50"].baseline) > 0)
        #expect(try figures["over create and start, median of the pairs"].ratio != nil)
        for name in ["push to the Engine's creation, median", "the Engine's start to the result, median"] {
            #expect(try #require(figures[name].baseline) > 0 && figures[name].value > 0)
        }
    }

    @Test("rate: starts and stops a second, and stops while starts queue up")
    func rate() async throws {
        let figures = try await figures(of: "rate")
        for name in ["starts a second, 4 in flight", "stops a second, 4 in flight"] {
            #expect(try #require(figures[name].ratio) > 0)
        }
        #expect(try figures["push to the result of a stop while starts queue, p50"].value > 0)
    }

    @Test("events: none is lost or published twice, one by one and in a burst")
    func events() async throws {
        let figures = try await figures(of: "events")
        #expect(try figures["events told, one by one"].value == 12)
        #expect(try figures["events told, burst"].value == 201)
        for name in ["one by one", "burst"] {
            #expect(try figures["events lost, \(name)"].value == 0)
            #expect(try figures["events told twice, \(name)"].value == 0)
            #expect(try #require(figures["event to its entry, \(name), p50"].baseline) > 0)
        }
    }

    @Test("soak: no result of containers is lost or published twice")
    func soak() async throws {
        let figures = try await figures(of: "soak")
        #expect(try figures["jobs"].value > 0)
        for name in ["results lost", "results twice", "jobs failed"] { #expect(try figures[name].value == 0) }
    }

    @Test("a scenario says what to do if the image, the network or Docker is missing")
    func missing() async throws {
        let world = try #require(EngineWorld.current)
        func bench(_ image: String, _ network: String, _ host: String) async throws -> ProgramOutput {
            try await Support.Program.run(
                ["bench", "start", "--quick", "--image", image, "--network", network],
                environment: ["DOCKER_HOST": host]
            )
        }
        let host = world.engine.host
        let noImage = try await bench("\(world.prefix)-none:1", world.network, host)
        #expect(noImage.exitCode == 1 && noImage.errors.contains("docker pull it, or name another"))
        let noNetwork = try await bench(world.image, "\(world.prefix)-none", host)
        #expect(noNetwork.exitCode == 1 && noNetwork.errors.contains("docker network create \(world.prefix)-none"))
        let noEngine = try await bench(world.image, world.network, "unix:///nowhere/docker.sock")
        #expect(noEngine.exitCode == 3 && noEngine.errors.contains("DOCKER_HOST says where it is"))
    }
}
