import QueueAdmin
import DockerPort
import JobContract
import JobQueue
import Primitives
import Testing

@testable import Diagnostics
@testable import Terminal

@Suite("The findings of the doctor")
struct DoctorTests {
    /// A Redis without any trouble.
    private static var healthy: RedisFacts {
        var facts = RedisFacts()
        facts.info = [
            "redis_version": "7.0.15", "role": "master", "maxmemory_policy": "noeviction", "used_memory": "1000000",
            "maxmemory": "0", "aof_enabled": "1", "aof_rewrites": "1", "aof_last_write_status": "ok",
        ]
        facts.config = ["appendfsync": "everysec", "aof-load-truncated": "yes"]
        var node = NodeOverview(id: "n1", seen: 0)
        node.workers = 1
        node.hasReported = true
        facts.overview.nodes = [node]
        return facts
    }

    @Test("A Redis that refuses INFO and CONFIG is reported as one that cannot be judged, not as healthy")
    func secretive() {
        var facts = Self.healthy
        (facts.info, facts.config) = (["_user": "worker"], [:])
        let eviction = facts.findings.first { $0.check == "eviction" }
        #expect(eviction?.text.hasPrefix("cannot tell") == true && eviction?.mend?.contains("parameter group") == true)
        let checks = ["redis version", "redis role", "redis memory", "persistence"]
        for check in checks {
            let finding = facts.findings.first { $0.check == check }
            #expect(finding?.level == .warning && finding?.text.hasPrefix("cannot tell") == true, "\(check)")
            #expect(finding?.mend?.contains("ACL SETUSER worker +info") == true, "\(check)")
        }
    }

    @Test("Of a Redis that refuses CONFIG, the doctor does not claim to know the persistence")
    func managed() {
        var facts = Self.healthy
        facts.config = [:]
        let told = facts.findings.first { $0.check == "persistence" }
        #expect(told?.level == .ok && told?.text.contains("cannot tell appendfsync") == true)
        #expect(told?.text.contains("parameter group") == true)
        (facts.info["aof_enabled"], facts.info["aof_rewrites"]) = ("0", "0")
        let unsaved = facts.findings.first { $0.check == "persistence" }
        #expect(
            unsaved?.level == .warning && unsaved?.text.contains("cannot tell whether Redis takes snapshots") == true
        )
        #expect(unsaved?.mend?.contains("parameter group") == true)
    }

    @Test("A queue that no worker serves is named, with the command that moves its messages")
    func unserved() {
        var facts = Self.healthy
        facts.overview.now = 100_000
        facts.overview.nodes[0].seen = 100_000
        var (served, mistyped) = (QueueOverview(name: "default"), QueueOverview(name: "defualt"))
        served.workers = 1
        (mistyped.waiting, mistyped.oldest) = (12, 58_000)
        facts.overview.queues = [served, mistyped]
        #expect(
            facts.findings.filter { $0.level != .ok } == [
                .warning(
                    "unserved queue",
                    "no worker serves this queue: defualt (12 messages, the oldest pushed 42s ago)",
                    mend: "rtmanager queue move defualt default, or start a worker with this queue in RTM_QUEUES"
                )
            ]
        )
        // Without a worker, another finding says what is missing.
        facts.overview.queues[0].workers = 0
        #expect(facts.findings.contains { $0.check == "unserved queue" } == false)
    }

    @Test("A healthy Redis has no problem")
    func healthy() { #expect(Self.healthy.findings.filter { $0.level != .ok } == []) }

    /// What makes one check tell of trouble, and how bad it is.
    static let troubles: [(String, Finding.Level, @Sendable (inout RedisFacts) -> Void)] = [
        ("redis version", .failure, { $0.info["redis_version"] = "6.2.7" }),
        ("redis role", .failure, { $0.info["role"] = "slave" }),
        ("eviction", .failure, { $0.info["maxmemory_policy"] = "allkeys-lru" }),
        ("eviction", .warning, { $0.info["maxmemory_policy"] = nil }),
        ("redis memory", .warning, { $0.info["maxmemory"] = "1100000" }),
        ("redis memory", .failure, { $0.info["maxmemory"] = "1000000" }),
        ("persistence", .failure, { $0.info["aof_last_write_status"] = "err" }),
        ("persistence", .warning, { $0.info["aof_enabled"] = "0" }),
        ("persistence", .warning, { $0.config["appendfsync"] = "no" }),
        ("torn log", .warning, { $0.info["aof_rewrites"] = "0" }),
        ("redis permissions", .failure, { $0.refused = ["XADD"] }),
        ("redis permissions", .warning, { $0.refused = ["BLMOVE", "BLPOP"] }),
        ("clock", .warning, { $0.clockOffset = nil }),
        (
            "workers", .warning,
            {
                $0.overview = FleetOverview()
                $0.unread = "Redis refuses this user ZRANGE"
            }
        ),
        ("clock", .warning, { $0.clockOffset = -5_000 }),
        ("clock", .warning, { $0.overview.clockSteps = 1 }),
        ("redis latency", .warning, { $0.latency = 50_000 }),
        ("lost data", .warning, { $0.overview.ghosts = 2 }),
        ("workers", .warning, { $0.overview.nodes = [] }),
        (
            "drained nodes", .warning,
            {
                $0.overview.nodes[0].isDraining = true
                $0.overview.nodes[0].ready = 1
            }
        ),
        ("workers", .warning, { $0.overview.nodes.append(NodeOverview(id: "gone", seen: 0)) }),
        (
            "consumers", .warning,
            {
                $0.groups = [
                    StreamGroup(stream: "results", name: "late", pending: 3, lag: 3, oldestNeeded: 1, hasLost: true)
                ]
            }
        ),
        (
            "consumers", .warning,
            {
                $0.overview.retention = StreamRetention(entries: 10, age: 1_000_000)
                $0.groups = [
                    StreamGroup(stream: "results", name: "slow", pending: 3, lag: 3, oldestNeeded: nil, hasLost: false)
                ]
            }
        ),
        ("dead letters", .warning, { $0.overview.deadCount = 3 }),
    ]

    @Test("Each problem fails exactly one check, which says how to fix it", arguments: troubles.indices)
    func trouble(index: Int) {
        let (check, level, injure) = Self.troubles[index]
        var facts = Self.healthy
        injure(&facts)
        let told = facts.findings.filter { $0.level != .ok }
        #expect(told.map(\.check) == [check])
        #expect(told.map(\.level) == [level])
        #expect(told.allSatisfy { $0.mend?.isEmpty == false })
    }

    @Test("A truncated log is no problem without an append-only file, or if Redis refuses to load it")
    func tornLog() {
        var facts = Self.healthy
        facts.info["aof_rewrites"] = "0"
        facts.config["aof-load-truncated"] = "no"
        #expect(facts.findings.first { $0.check == "torn log" }?.level == .ok)
        facts.info["aof_enabled"] = "0"
        #expect(facts.findings.contains { $0.check == "torn log" } == false)
    }

    @Test("The fix for a Docker Engine that refuses the user differs from the fix for one that is away")
    func engineAway() {
        var facts = EngineFacts()
        facts.problem = "unix:///var/run/docker.sock: permission denied"
        #expect(facts.findings.first?.mend?.contains("usermod") == true)
        facts.problem = "no such socket"
        #expect(facts.findings.first?.mend?.contains("systemctl start docker") == true)
        #expect(facts.findings.map(\.level) == [.outOfReach])
        (facts.problem, facts.isSilent) = ("info: no answer within 10.0 seconds", true)
        #expect(facts.findings.first?.text.hasPrefix("the Docker Engine accepts connections, but does not") == true)
        #expect(facts.findings.first?.mend?.contains("systemctl restart docker") == true)
        #expect(facts.findings.map(\.level) == [.outOfReach])
    }

    @Test("Network, limits, clock and images of a Docker Engine have findings")
    func engine() {
        var facts = EngineFacts()
        facts.info = EngineInfo(
            id: "E",
            name: "host",
            serverVersion: "26",
            apiVersion: "1.45",
            cpus: 2,
            memoryBytes: 1_000_000
        )
        facts.network = "galaxy-net"
        facts.images = [.init(reference: "a:1", isPresent: true)]
        #expect(facts.findings.allSatisfy { $0.level == .ok })
        facts.networkState = .unusable("there is no network galaxy-net")
        facts.defaultMemory = 2_000_000
        facts.clockOffset = 9_000
        facts.images = [
            .init(reference: "a:1", isPresent: false), .init(reference: "b:1", isPresent: true, problem: "bad label"),
        ]
        let told = facts.findings.filter { $0.level != .ok }
        #expect(told.map(\.check) == ["network", "machine", "engine clock", "image", "image"])
        #expect(told.map(\.level) == [.failure, .failure, .warning, .warning, .failure])
    }

    @Test("State folders that cannot be created are a failure")
    func folders() {
        var facts = HostFacts()
        facts.openFiles = 65_536
        for (folder, level) in [
            (.writable, .ok), (.canBeMade(in: "/var"), .ok), (.forbidden(path: "/var"), .failure),
            (.isNoDirectory(path: "/var/x"), .failure), (.unusable(path: "/var", reason: "full"), .failure),
        ] as [(HostFacts.Folder, Finding.Level)] {
            facts.stateFolder = folder
            #expect(facts.findings.first?.level == level)
        }
        facts.openFiles = 256
        facts.secrets = [
            .init(check: "a", path: "/a", isOpen: true), .init(check: "b", path: "/b"),
            .init(check: "c", path: "/c", problem: "cannot be read"),
        ]
        facts.isRemoteEngine = true
        #expect(facts.findings.map(\.level) == [.warning, .warning, .warning, .ok, .failure])
    }

    @Test("The exit code follows from the worst finding")
    func ends() {
        func error(_ levels: Finding.Level...) -> CommandError? {
            Diagnosis(findings: levels.map { Finding(check: "c", level: $0, text: "t") }).error
        }
        #expect(error(.ok, .warning) == nil)
        #expect(error(.failure, .failure) == .failed("2 checks failed"))
        #expect(error(.failure, .outOfReach)?.reason == .outOfReach)
    }

    @Test("INFO is parsed line by line")
    func info() {
        let text = "# Server\r\nredis_version:7.0.15\r\nexecutable:/usr/bin:x\r\n\r\n# Memory\r\nused_memory:5\r\n"
        #expect(
            RedisFacts.fields(ofInfo: text)
                == ["redis_version": "7.0.15", "executable": "/usr/bin:x", "used_memory": "5"]
        )
    }
}
