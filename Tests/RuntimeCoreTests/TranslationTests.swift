import DockerPort
import JobContract
import Testing

@testable import RuntimeCore

@Suite("From job to spec")
struct TranslationTests {
    private func job(_ change: (inout Job) -> Void = { _ in }) -> Job {
        var job = Job(id: "j1", kind: .start, gameID: "g1", image: ImageReference("galaxy/engine:1"))
        change(&job)
        return job
    }

    @Test("makes the spec of the contract")
    func spec() throws {
        let settings = NodeSettings(env: ["REGION": "eu", "A": "worker"])
        let job = job {
            $0.env = ["A": "job", "STORAGE_PATH": "/elsewhere"]
            $0.cmd = ["serve"]
            $0.labels = ["team": "x"]
        }
        let spec = try Translation(settings).runSpec(for: job, imageLabels: [:])
        #expect(spec.name == "galaxy-game-g1" && spec.hostname == "galaxy-game-g1" && spec.network == "galaxy-net")
        #expect(
            spec.env == [
                "REGION": "eu", "A": "job", "GAME_STATE_PATH": "/var/lib/galaxy", "STORAGE_PATH": "/elsewhere",
            ]
        )
        #expect(spec.labels.count == 6 && spec.labels["com.galaxy.owner"] == "rtmanager")
        #expect(spec.labels["com.galaxy.namespace"] == "rtm" && spec.labels["com.galaxy.game_id"] == "g1")
        #expect(spec.labels["com.galaxy.job_id"] == "j1" && spec.labels["team"] == "x")
        let root = "/var/lib/rtmanager/games"
        #expect(spec.bindMounts == [BindMount(hostPath: root + "/g1", mountPath: "/var/lib/galaxy", root: root)])
        #expect(spec.logDriver == "json-file" && spec.logOpts == ["max-size": "10m", "max-file": "3"])
        #expect(spec.cpuQuota == 1 && spec.memory == "512m" && spec.pidsLimit == 512)
        #expect(spec.engineEndpoint == "http://galaxy-game-g1:8080")
    }

    @Test("takes limits of the job, else of the image, else of the worker")
    func limits() throws {
        let labels = ["com.galaxy.cpu_quota": "0.5", "com.galaxy.memory": "64m", "com.galaxy.port": "9000"]
        let job = job { $0.limits = .init(memory: "32m") }
        let spec = try Translation(NodeSettings()).runSpec(for: job, imageLabels: labels)
        #expect(spec.cpuQuota == 0.5 && spec.memory == "32m" && spec.pidsLimit == 512 && spec.enginePort == 9000)
    }

    @Test(
        "refuses an image's label that cannot be meant",
        arguments: [
            ["com.galaxy.memory": "much"], ["com.galaxy.memory": "1m"], ["com.galaxy.cpu_quota": "nan"],
            ["com.galaxy.cpu_quota": "0.001"], ["com.galaxy.pids_limit": "0"], ["com.galaxy.port": "70000"],
            ["com.galaxy.cpu_quota": "0x10"], ["com.galaxy.cpu_quota": "inf"], ["com.galaxy.cpu_quota": "1e400"],
            ["com.galaxy.cpu_quota": "0x1p3"], ["com.galaxy.cpu_quota": "+1"], ["com.galaxy.cpu_quota": " 1"],
            ["com.galaxy.pids_limit": "+64"], ["com.galaxy.pids_limit": "0x40"], ["com.galaxy.port": "+80"],
            ["com.galaxy.memory": "512\u{212A}"], ["com.galaxy.memory": "+64m"],
        ]
    )
    func imageLabels(labels: [String: String]) {
        let failure = #expect(throws: JobFailure.self) {
            try Translation(NodeSettings()).runSpec(for: job(), imageLabels: labels)
        }
        #expect(failure?.code == .invalidSpec)
    }

    @Test("the digest is of what the job asks for, not of who asks")
    func digest() {
        let digest = Translation.specDigest(of: job())
        #expect(digest == Translation.specDigest(of: job { $0.id = "j2" }))
        #expect(digest == Translation.specDigest(of: job { $0.env = [:] }))
        for change: (inout Job) -> Void in [
            { $0.image = ImageReference("galaxy/engine:2") }, { $0.cmd = ["x"] }, { $0.env = ["A": "1"] },
            { $0.labels = ["a": "b"] }, { $0.limits.memory = "64m" }, { $0.limits.pidsLimit = 1 },
            { $0.bindMounts = [.init(hostPath: "/a", mountPath: "/b")] },
        ] {
            #expect(digest != Translation.specDigest(of: job(change)))
        }
    }
}

@Suite("What an operator allows")
struct AdmissionTests {
    private func code(_ settings: NodeSettings, _ change: (inout Job) -> Void) -> ErrorCode? {
        var job = Job(id: "j1", kind: .start, gameID: "g1", image: ImageReference("r.example/galaxy/engine:1"))
        change(&job)
        return Admission(settings).refusal(of: job)?.code
    }

    @Test("images by globs over the whole reference")
    func images() {
        let settings = NodeSettings(allowedImages: ["r.example/galaxy/*:*", "exact:1"])
        #expect(code(settings) { _ in } == nil)
        let others = [
            "r.example.evil/galaxy/engine:1", "r.example/galaxy/sub/engine:1", "exact:2", "x/exact:1", "exact:11",
            "r.example:5000/galaxy/engine:1", "xr.example/galaxy/engine:1", "r.example/galaxy-evil/engine:1",
            "r.example/galaxy/engine@sha256:" + String(repeating: "0", count: 64) + "1",
        ]
        for other in others where JobContract.ImageReference(other) != nil {
            #expect(code(settings) { $0.image = ImageReference(other) } == .imageNotAllowed)
        }
    }

    @Test(
        "mounts by components below a root",
        arguments: [
            ("/srv/maps/a", "/maps", true), ("/srv/maps", "/maps", false), ("/srv/maps-evil/a", "/maps", false),
            ("/srv/maps/../x", "/maps", false), ("/srv/maps/./a", "/maps", false), ("/srv/maps//a", "/maps", false),
            ("/", "/maps", false), ("/srv/maps/a", "/etc/x", false), ("/srv/maps/a", "/", false),
            ("/srv/maps/a", "/proc", false), ("/srv/maps/a", "/var/lib/galaxy/x", false),
            ("/srv/maps/a", "/var", false), ("/srv/maps/a", "/proc/self", false), ("/srv/maps/a", "/sys", false),
            ("/srv/maps/a", "/dev/shm", false), ("/srv/maps/a", "/usr/local", false), ("/srv/maps/a", "/lib64", false),
            ("/srv/maps/a", "/var/run", false), ("/srv/maps/a", "/run/x", false), ("/srv/maps/a", "/library", true),
            ("/srv/maps/a", "maps", false), ("srv/maps/a", "/maps", false), ("/srv/maps/a/", "/maps", false),
            ("/srv/maps/a", "/maps/", false), ("/srv/Maps/a", "/maps", false),
            ("/srv/maps/..a", "/maps", true), ("/srv", "/maps", false),
            // A slash with a combining mark after it is still one to the kernel.
            ("/srv/maps/../\u{301}x", "/maps", false), ("/srv/maps/a", "/etc/\u{301}x", false),
            ("/srv/maps/\u{301}x", "/maps", true), ("/srv/maps/a", "/var/lib/galaxy/\u{301}x", false),
        ]
    )
    func mounts(host: String, target: String, allowed: Bool) {
        let settings = NodeSettings(allowedMountRoots: ["/srv/maps"])
        let found = code(settings) { $0.bindMounts = [.init(hostPath: host, mountPath: target)] }
        #expect(found == (allowed ? nil : .mountNotAllowed))
        #expect(code(NodeSettings()) { $0.bindMounts = [.init(hostPath: host, mountPath: target)] } == .mountNotAllowed)
    }

    @Test("each mount keeps the longest root that allows it, below which nothing may be a link")
    func mountRoots() throws {
        let settings = NodeSettings(allowedMountRoots: ["/srv", "/srv/maps", "/other"])
        let job = Job(
            id: "j",
            kind: .start,
            gameID: "g1",
            image: ImageReference("e:1"),
            bindMounts: [
                .init(hostPath: "/srv/maps/a", mountPath: "/a"), .init(hostPath: "/srv/maps-2/b", mountPath: "/b"),
            ]
        )
        let spec = try Translation(settings).runSpec(for: job, imageLabels: [:])
        #expect(spec.bindMounts.map(\.root) == ["/var/lib/rtmanager/games", "/srv/maps", "/srv"])
    }

    @Test("a restart without an image is checked as far as it can be")
    func restart() {
        let settings = NodeSettings(maximumLimits: .init(memory: "1g"), allowedImages: ["x:1"])
        func code(_ change: (inout Job) -> Void) -> ErrorCode? {
            var job = Job(id: "j1", kind: .restart, gameID: "g1")
            change(&job)
            return Admission(settings).refusal(of: job)?.code
        }
        #expect(code { _ in } == nil)
        #expect(code { $0.image = ImageReference("y:1") } == .imageNotAllowed)
        #expect(code { $0.limits.memory = "2g" } == .limitExceeded)
        #expect(code { $0.bindMounts = [.init(hostPath: "/a", mountPath: "/b")] } == .mountNotAllowed)
    }

    @Test("the first check that fails decides: the job's own fields, mounts, image, limits, the spec")
    func order() {
        let settings = NodeSettings(
            namePrefix: String(repeating: "a", count: 61),
            maximumLimits: .init(memory: "1g"),
            allowedImages: ["x:1"]
        )
        let mends: [(ErrorCode, @Sendable (inout Job) -> Void)] = [
            (.invalidJob, { $0.limits.cpuQuota = nil }), (.mountNotAllowed, { $0.bindMounts = nil }),
            (.imageNotAllowed, { $0.image = ImageReference("x:1") }), (.limitExceeded, { $0.limits.memory = nil }),
            (.invalidSpec, { $0.gameID = "g" }),
        ]
        var job = Job(
            id: "j1",
            kind: .start,
            gameID: "game-1",
            image: ImageReference("y:1"),
            limits: .init(cpuQuota: 0.001, memory: "2g"),
            bindMounts: [.init(hostPath: "/", mountPath: "/")]
        )
        for (code, mend) in mends {
            #expect(Admission(settings).refusal(of: job)?.code == code)
            mend(&job)
        }
        #expect(Admission(settings).refusal(of: job) == nil)
    }

    @Test("limits that fail open, and limits above the maximum")
    func limits() {
        #expect(code(NodeSettings()) { $0.limits.cpuQuota = 0.009 } == .invalidJob)
        #expect(code(NodeSettings()) { $0.limits.memory = "5m" } == .invalidJob)
        #expect(code(NodeSettings()) { $0.limits.memory = "-1" } == .invalidJob)
        let settings = NodeSettings(maximumLimits: .init(cpuQuota: 2, memory: "1g", pidsLimit: 600))
        #expect(code(settings) { $0.limits = .init(cpuQuota: 2, memory: "1024m", pidsLimit: 600) } == nil)
        #expect(code(settings) { $0.limits.cpuQuota = 2.1 } == .limitExceeded)
        #expect(code(settings) { $0.limits.memory = "1025m" } == .limitExceeded)
        #expect(code(settings) { $0.limits.pidsLimit = 601 } == .limitExceeded)
    }

    @Test("limits are bounded by the host where the operator sets no bound")
    func hostBounds() {
        let host = EngineInfo(id: "e", name: "h", serverVersion: "1", apiVersion: "1.41", cpus: 2, memoryBytes: 1 << 30)
        var settings = NodeSettings()
        settings.boundLimits(by: host)
        #expect(code(settings) { $0.limits = .init(cpuQuota: 2, memory: "1g") } == nil)
        #expect(code(settings) { $0.limits.cpuQuota = 2.01 } == .limitExceeded)
        #expect(code(settings) { $0.limits.memory = "1073741825" } == .limitExceeded)
        var bounded = NodeSettings(maximumLimits: .init(cpuQuota: 1.5, memory: "2g"))
        bounded.boundLimits(by: host)
        #expect(bounded.maximumLimits == .init(cpuQuota: 1.5, memory: "2g"))
    }

    @Test("an image's labels may not pass the bounds either, which fails at the start")
    func imageBounds() {
        let settings = NodeSettings(maximumLimits: .init(cpuQuota: 2, memory: "1g", pidsLimit: 600))
        for labels in [
            ["com.galaxy.cpu_quota": "3"], ["com.galaxy.memory": "2g"], ["com.galaxy.pids_limit": "601"],
        ] {
            let job = Job(id: "j", kind: .start, gameID: "g", image: ImageReference("e:1"))
            let failure = #expect(throws: JobFailure.self) {
                try Translation(settings).runSpec(for: job, imageLabels: labels)
            }
            #expect(failure?.code == .limitExceeded)
        }
    }

    @Test(
        "globs",
        arguments: [
            ("*", "abc", true), ("*", "a/b", false), ("**", "a/b", true), ("a?c", "abc", true), ("a?c", "a/c", false),
            ("a*", "a", true), ("a*b*c", "axxbyyc", true), ("a*b*c", "axxbyy", false), ("", "", true), ("", "a", false),
            ("**/x", "a/b/x", true), ("**x**", "yyy", false),
        ]
    )
    func globs(pattern: String, text: String, matches: Bool) {
        #expect(Glob(pattern).matches(text) == matches)
    }
}
