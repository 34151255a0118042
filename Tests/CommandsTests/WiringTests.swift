import JobContract
import AdminServer
import DockerPort
import Foundation
import JobQueue
import Logging
import Observability
import QueueAdmin
import Redis
import RuntimeClient
import RuntimeCore

import Testing

@testable import Commands
@testable import Runtime
@testable import Settings
@testable import Terminal

@Suite("From settings to a worker")
struct WiringTests {
    private func load(_ environment: [String: String]) throws -> Settings {
        try Settings.load(from: SettingsSource(environment: environment), for: .worker).settings
    }

    @Test("settings reach the queue")
    func queue() throws {
        let settings = try load([
            "RTM_QUEUES": "b,a", "RTM_LEASE_TTL_SECONDS": "11", "RTM_RETENTION_SECONDS": "90061",
            "RTM_RETENTION_ENTRIES": "1234", "RTM_DEAD_BYTES": "2m", "RTM_NODE_GRACE_SECONDS": "130",
            "RTM_SIGNED_MAX_AGE_SECONDS": "77",
        ])
        let expected = JobQueueOptions(
            queues: ["b", "a"],
            lease: .seconds(11),
            retention: .seconds(90_061),
            retentionEntries: 1_234,
            deadBytes: 2 << 20,
            nodeGrace: .seconds(130),
            version: RootCommand.version
        )
        #expect(settings.queueOptions() == expected)
        var signed = settings
        signed.signingKeyFile = "/keys"
        #expect(signed.queueOptions().mostAge == .seconds(77))
    }

    @Test("the capacity of a node is that of its settings, else nine tenths of the host's memory")
    func capacity() throws {
        let memory: Int64 = 1_000 << 20
        let host = EngineInfo(id: "i", name: "h", serverVersion: "1", apiVersion: "1", cpus: 4, memoryBytes: memory)
        let plain = try load([:])
        #expect(plain.queueOptions().capacity == NodeCapacity())
        #expect(plain.queueOptions(on: host).capacity == NodeCapacity(memory: 900 << 20))
        #expect(plain.capacityProblems(on: host).isEmpty)
        let settings = ["RTM_SLOTS": "5", "RTM_CAPACITY_MEMORY": "1001m", "RTM_CAPACITY_CPU": "4.5"]
        let set = try load(settings)
        #expect(
            set.queueOptions(on: host).capacity == NodeCapacity(slots: 5, cpu: 4_500, memory: 1_001 << 20)
        )
        let problems = set.capacityProblems(on: host)
        #expect(problems.count == 2)
        #expect(problems[0].hasPrefix("RTM_CAPACITY_MEMORY is 1001m, and the host has 1000m:"))
        #expect(problems[1].hasPrefix("RTM_CAPACITY_CPU is 4.5, and the host has 4 CPUs:"))
        #expect(try load(["RTM_CAPACITY_MEMORY": "0"]).queueOptions(on: host).capacity == NodeCapacity())
    }

    @Test("a published port is bound at the advertised host if that is an address of this machine")
    func advertisement() throws {
        let addresses: Set = ["10.0.0.1", "::1"]
        func bound(_ settings: [String: String]) throws -> Advertisement? {
            try load(settings).advertisement(addresses: addresses)
        }
        #expect(try bound([:]) == nil)
        #expect(try bound(["RTM_ADVERTISE": "10.0.0.1"]) == Advertisement(host: "10.0.0.1", address: "10.0.0.1"))
        #expect(
            try bound(["RTM_ADVERTISE": "[::1]:30000-30009"])
                == Advertisement(host: "[::1]", address: "::1", ports: 30_000...30_009)
        )
        let named = ["RTM_ADVERTISE": "games.example", "RTM_ADVERTISE_BIND": "0.0.0.0"]
        #expect(try bound(named) == Advertisement(host: "games.example", address: "0.0.0.0"))
        let sentences = [
            ["RTM_ADVERTISE": "games.example"]:
                "RTM_ADVERTISE_BIND must be given: games.example of RTM_ADVERTISE is no address of this machine",
            ["RTM_ADVERTISE_BIND": "10.0.0.1"]: "RTM_ADVERTISE_BIND has no meaning without RTM_ADVERTISE",
        ]
        for (settings, sentence) in sentences {
            let error = #expect(throws: CommandError.self) { try bound(settings) }
            #expect(error == .wrongUse(sentence))
        }
        #expect(LocalAddresses.all().contains("127.0.0.1"))
    }

    @Test("settings reach the worker")
    func worker() throws {
        let settings = try load([
            "RTM_CONCURRENCY": "3", "RTM_DRAIN_TIMEOUT_SECONDS": "5", "RTM_LEADER_TTL_SECONDS": "6",
            "RTM_STATE_OWNER": "7:8", "RTM_STATE_MODE": "0711", "RTM_START_SETTLE_MS": "9", "RTM_JANITOR": "dry-run",
            "RTM_JANITOR_GRACE_SECONDS": "10", "RTM_KEPT_CONTAINERS": "12", "RTM_NETWORK": "net",
        ])
        let worker = try settings.workerConfiguration()
        #expect(worker.concurrency == 3 && worker.keptContainers == 12)
        #expect(worker.drainTimeout == .seconds(5) && worker.leaderTTL == .seconds(6))
        #expect(worker.stateOwner == .init(user: 7, group: 8) && worker.stateMode == 0o711)
        #expect(worker.startSettle == .milliseconds(9) && worker.node.network == "net")
        #expect(worker.janitor == .dryRun && worker.janitorGrace == .seconds(10))
    }

    @Test(
        "the owner of state folders is a number or a name of this machine",
        arguments: [
            ("7", 7, 7), ("7:8", 7, 8), ("root", 0, 0), ("root:7", 0, 7), ("7:root", 7, 0), ("root:root", 0, 0),
        ]
    )
    func owner(text: String, user: UInt32, group: UInt32) throws {
        let worker = try load(["RTM_STATE_OWNER": text]).workerConfiguration()
        #expect(worker.stateOwner == .init(user: user, group: group))
    }

    @Test("an owner that this machine does not know is wrong use", arguments: ["no-such-user", "0:no-such-group"])
    func unknownOwner(text: String) throws {
        let settings = try load(["RTM_STATE_OWNER": text])
        #expect(throws: CommandError.wrongUse("RTM_STATE_OWNER \(text): no such user or group on this machine")) {
            try settings.workerConfiguration()
        }
    }

    @Test("a page's title has the namespace and the address of Redis, without a secret")
    func title() throws {
        let settings = try load(["RTM_NAMESPACE": "ns", "RTM_REDIS_URL": "redis://u:hunter2@h:1/2"])
        let title = try Actions.title(settings)
        #expect(title.hasPrefix("ns on redis://") && title.hasSuffix("h:1/2") && !title.contains("hunter2"), "\(title)")
    }

    @Test("a new worker has an id of its own, without blanks, with the process in it")
    func identity() {
        let workers = (0..<2).map { _ in WorkerIdentity.new(node: "n") }
        #expect(workers[0].id != workers[1].id && workers[0].nonce != workers[1].nonce)
        for worker in workers {
            #expect(worker.node == "n" && worker.id.hasSuffix("-\(worker.nonce)"))
            #expect(!worker.id.contains(" ") && worker.id.contains("-\(ProcessInfo.processInfo.processIdentifier)-"))
        }
    }

    @Test("a command's log leaves out routine; a level that somebody chose stays")
    func logger() {
        func level(_ level: Logger.Level) -> Logger.Level {
            var logger = Logger(label: "test") { label in
                StandardErrorLogHandler(label: label, level: .info, format: .text, colored: false)
            }
            logger.logLevel = level
            return logger.forCommand.logLevel
        }
        #expect(Logger.Level.allCases.map(level) == [.trace, .debug, .warning, .warning, .warning, .error, .critical])
    }
}

@Suite("Reasons that a worker is not ready")
struct ReadinessReasonTests {
    private static let ready = WorkerHealth(
        engineAnswers: true,
        sinceProgress: .milliseconds(1_234),
        loopProblem: nil,
        networkProblem: nil,
        isDraining: false
    )

    private func text(_ change: (inout WorkerHealth) -> Void) -> String {
        var health = Self.ready
        change(&health)
        let readiness = Actions.readiness(health)
        #expect(readiness.isReady == !readiness.text.contains("failing"))
        return readiness.text
    }

    @Test("a worker with everything it needs is ready")
    func ready() {
        #expect(
            text { _ in } == """
                ok loop: it takes jobs
                ok redis: its last answer came 1s ago
                ok docker: the Docker Engine answers
                ok network: the games' network is there
                ok keys: all keys in Redis have their right types

                """
        )
    }

    @Test("each failure has its line, and the loop names what it waits for")
    func failures() {
        let drained = text { $0.isDraining = true }
        #expect(drained.hasPrefix("failing loop: the worker ends and takes no more jobs\nok redis:"))
        let silent = text { $0.sinceProgress = .seconds(5) }
        #expect(
            silent.hasPrefix(
                "failing loop: it waits for Redis and takes no jobs\nfailing redis: its last answer came 5s ago\n"
            )
        )
        #expect(text { $0.sinceProgress = .milliseconds(4_999) }.hasPrefix("ok loop"))
        let docker = text { $0.engineAnswers = false }
        #expect(docker.contains("failing loop: it waits for the Docker Engine and takes no jobs\n"))
        #expect(docker.contains("\nfailing docker: the Docker Engine does not answer\n"))
        #expect(text { $0.loopProblem = "stuck" }.hasPrefix("failing loop: stuck\nok redis"))
        #expect(text { $0.networkProblem = "no network x" }.contains("\nfailing network: no network x\n"))
        #expect(text { $0.keyProblems = ["a is a string", "b"] }.hasSuffix("\nfailing keys: a is a string\n"))
    }

    @Test("a worker before its start says what it waits for")
    func waiting() {
        #expect(
            WorkerStage.readiness(nil).text == """
                failing loop: the worker waits for Redis or Docker before it begins
                failing redis: not checked yet
                failing docker: not checked yet

                """
        )
        #expect(
            WorkerStage.readiness(StartNeeds(redis: "refused\n(x)")).text == """
                failing loop: the worker waits for Redis or Docker before it begins
                failing redis: refused (x)
                ok docker: the Docker Engine answers

                """
        )
    }

    @Test("a page before the start names the worker as starting and what is missing")
    func page() async {
        let stage = WorkerStage()
        stage.waits(for: StartNeeds(docker: "no <socket>"))
        let jobs = ConsoleRoute.jobs(JobChoice())
        guard case .page(let page) = await stage.answer(.page(jobs, Viewer())) else { return #expect(Bool(false)) }
        #expect(page.contains("<p class=\"dim\">worker starts "))
        #expect(page.contains("<p class=\"bad\">docker: no &lt;socket&gt;</p>"))
        #expect(page.contains("<p class=\"good\">redis: it answers</p>") && !page.contains("<table"))
        let others: [ConsoleRequest] = [
            .data(DataRequest(route: jobs, limit: 1)), .confirm(.change(.drain(node: "n")), Viewer()),
        ]
        for request in others {
            #expect(await stage.answer(request) == .unavailable("the worker waits for Redis or Docker"))
        }
        let live = Staleness(.starting, "the worker waits for Redis or Docker")
        #expect(await stage.answer(.content(jobs, Viewer())) == .stale(nil, live))
    }
}

@Suite("Errors of Redis and Docker as exit codes")
struct OutOfReachTests {
    @Test("a refusal is a failure with a hint; all else is out of reach")
    func redis() {
        let hint = "; rtmanager doctor says what is wrong with Redis' keys and permissions"
        #expect(Actions.outOfReach(ClientError.refused("WRONGTYPE x")) == .failed("WRONGTYPE x" + hint))
        #expect(
            Actions.outOfReach(ClientError.redis("no answer"))
                == .outOfReach("no answer; is Redis running there, and is RTM_REDIS_URL right?")
        )
    }

    @Test("a failed call to Docker names where Docker was looked for")
    func docker() {
        let away = Away(DockerError(.unavailable, operation: "info", message: "cannot reach it"))
        #expect(away.reason == "cannot reach it")
        #expect(away.error == .outOfReach("cannot reach it (DOCKER_HOST says where it is)"))
    }

    @Test("missing services are named in a sentence")
    func needs() {
        #expect(StartNeeds().sentence == "" && StartNeeds(redis: "a").sentence == "Redis: a")
        #expect(StartNeeds(docker: "b").sentence == "Docker: b")
        #expect(StartNeeds(redis: "a", docker: "b").sentence == "Redis: a; Docker: b")
    }
}
