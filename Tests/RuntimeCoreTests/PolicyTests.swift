import Primitives
import DockerPort
import JobContract
import Testing

@testable import RuntimeCore

@Suite("The operator's policy")
struct PolicyTests {
    func code(_ settings: NodeSettings, _ change: (inout Job) -> Void) -> ErrorCode? {
        var job = Job(id: "j1", kind: .start, gameID: "g1", image: ImageReference("r.example/galaxy/engine:1"))
        change(&job)
        return Policy(settings).refusal(of: job)?.code
    }

    @Test("allows images by glob patterns over the whole reference")
    func images() {
        let settings = NodeSettings(allowedImages: ["r.example/galaxy/*:*", "exact:1"])
        #expect(code(settings) { _ in } == nil)
        let others = [
            "r.example.evil/galaxy/engine:1", "r.example/galaxy/sub/engine:1", "exact:2", "x/exact:1", "exact:11",
            "r.example:5000/galaxy/engine:1", "xr.example/galaxy/engine:1", "r.example/galaxy-evil/engine:1",
            "r.example/galaxy/engine@sha256:" + String(repeating: "0", count: 64) + "1",
        ]
        for other in others where ImageReference(other) != nil {
            #expect(code(settings) { $0.image = ImageReference(other) } == .imageNotAllowed)
        }
    }

    @Test(
        "allows a digest only if the pattern has one",
        arguments: [
            ("reg.example/games/engine:1.*", "reg.example/games/engine:1.4@D", false),
            ("reg.example/games/**", "reg.example/games/engine:1.4@D", false), ("**", "engine@D", false),
            ("*", "engine@D", false), ("engine:1?4@D", "engine:1@4@D", false), ("engine@sha256:*", "engine@D", true),
            ("engine:1.*@*", "engine:1.4@D", true), ("engine:1.*@*", "engine:1.4", false),
            ("engine@*", "engine:1@D", false),
            ("**@sha256:*", "reg.example/games/engine:1.4@D", true),
        ]
    )
    func digests(pattern: String, image: String, allowed: Bool) throws {
        func full(_ text: String) -> String { text.replacing("D", with: Self.digest) }
        guard let image = ImageReference(full(image)) else { return }
        let found = code(NodeSettings(allowedImages: [full(pattern)])) { $0.image = image }
        #expect(found == (allowed ? nil : .imageNotAllowed))
    }

    @Test(
        "allows a registry by address, or on the Docker host, only if a pattern names it",
        arguments: [
            "127.0.0.1:5000/a/b:1", "10.0.0.1/a:1", "169.254.169.254/latest/x:1", "localhost/a:1", "LOCALHOST:5000/a:1",
            "x.localhost:5000/a:1", "localhost.localdomain/a:1", "127.1:80/a:1", "2130706433:80/a:1", "0x7f.1:80/a:1",
            "1.2.3.0x4/a:1", "ip6-localhost:5000/a:1",
            "ip6-loopback:5000/a:1",
        ]
    )
    func addresses(reference: String) throws {
        let image = try #require(ImageReference(reference))
        let registry = try #require(image.registry)
        for patterns in [[], ["**"], ["*/**"], ["*:*/**"], ["?" + registry.dropFirst() + "/**"]] {
            #expect(code(NodeSettings(allowedImages: patterns)) { $0.image = image } == .imageNotAllowed)
        }
        let named = [registry + "/**"]
        #expect(code(NodeSettings(allowedImages: named)) { $0.image = image } == nil)
    }

    @Test(
        "allows other registries without a pattern",
        arguments: ["a:1", "reg.example/a:1", "reg.example:5000/a:1", "1x.example/a:1"]
    )
    func names(reference: String) {
        #expect(code(NodeSettings()) { $0.image = ImageReference(reference) } == nil)
        #expect(code(NodeSettings(allowedImages: ["**"])) { $0.image = ImageReference(reference) } == nil)
    }

    @Test("refuses labels with effects on host tools by default", arguments: LabelRules.toolPrefixes)
    func toolLabels(prefix: String) {
        for name in [prefix, prefix + "x", prefix.uppercased() + "x"] {
            #expect(code(NodeSettings()) { $0.labels = [name: "1", "team": "x"] } == .labelNotAllowed)
        }
        if prefix.hasSuffix(".") {
            #expect(code(NodeSettings()) { $0.labels = [String(prefix.dropLast()): "1"] } == .labelNotAllowed)
        }
        #expect(code(NodeSettings()) { $0.labels = ["x" + prefix: "1"] } == nil)
        let settings = NodeSettings(labelRules: LabelRules(allowed: [prefix + "**"]))
        #expect(code(settings) { $0.labels = [prefix + "x": "1"] } == nil)
        #expect(code(settings) { $0.labels = ["team": "1"] } == .labelNotAllowed)
    }

    @Test("allows time-outs up to the operator's bounds")
    func timeouts() {
        let settings = NodeSettings(maximumStopTimeout: 60, maximumReadyTimeout: 20)
        #expect(code(settings) { $0.readyTimeoutSeconds = 20 } == nil)
        #expect(code(settings) { $0.readyTimeoutSeconds = 21 } == .limitExceeded)
        for kind in [JobKind.stop, .remove, .restart] {
            #expect(code(settings) { ($0.kind, $0.stopTimeoutSeconds) = (kind, 60) } == nil)
            #expect(code(settings) { ($0.kind, $0.stopTimeoutSeconds) = (kind, 61) } == .limitExceeded)
        }
    }

    @Test("refuses with the same code at intake and in the worker that runs the job")
    func attempt() {
        let settings = NodeSettings(allowedImages: ["x:1"])
        let job = Job(id: "j1", kind: .start, gameID: "g1", image: ImageReference("y:1"))
        let failure = #expect(throws: JobFailure.self) { try Policy(settings).allow(job) }
        #expect(failure?.code == .imageNotAllowed && failure?.retryable == false)
        #expect(Policy(settings).refusal(of: job)?.code == failure?.code)
        let other = #expect(throws: JobFailure.self) {
            try Policy(settings).allow(Job(id: "j1", kind: .stop, gameID: "g1"))
        }
        #expect(other?.code == .invalidJob)
    }

    @Test("checks the known fields of a restart without an image")
    func restart() {
        let settings = NodeSettings(maximumLimits: .init(memory: "1g"), allowedImages: ["x:1"])
        func code(_ change: (inout Job) -> Void) -> ErrorCode? {
            var job = Job(id: "j1", kind: .restart, gameID: "g1")
            change(&job)
            return Policy(settings).refusal(of: job)?.code
        }
        #expect(code { _ in } == nil)
        #expect(code { $0.image = ImageReference("y:1") } == .imageNotAllowed)
        #expect(code { $0.limits.memory = "2g" } == .limitExceeded)
        #expect(code { $0.bindMounts = [.init(hostPath: "/a", mountPath: "/b")] } == .mountNotAllowed)
    }

    @Test(
        "reports the first failure in the order fields, mounts, image, labels, time-outs, limits, spec"
    )
    func order() {
        let settings = NodeSettings(
            namePrefix: String(repeating: "a", count: 61),
            maximumLimits: .init(memory: "1g"),
            allowedImages: ["x:1"]
        )
        let mends: [(ErrorCode, @Sendable (inout Job) -> Void)] = [
            (.invalidJob, { $0.limits.cpuQuota = nil }), (.mountNotAllowed, { $0.bindMounts = nil }),
            (.imageNotAllowed, { $0.image = ImageReference("x:1") }), (.labelNotAllowed, { $0.labels = nil }),
            (.limitExceeded, { $0.readyTimeoutSeconds = 600 }), (.limitExceeded, { $0.limits.memory = nil }),
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
        job.labels = ["traefik.enable": "true"]
        job.readyTimeoutSeconds = 601
        for (code, mend) in mends {
            #expect(Policy(settings).refusal(of: job)?.code == code)
            mend(&job)
        }
        #expect(Policy(settings).refusal(of: job) == nil)
    }

    @Test("refuses limits that Docker would ignore, and limits above the maximum")
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

    @Test("bounds limits by the host if the operator sets no bound")
    func hostBounds() {
        let host = EngineInfo(id: "e", name: "h", serverVersion: "1", apiVersion: "1.41", cpus: 2, memoryBytes: 1 << 30)
        var settings = NodeSettings()
        settings.boundLimits(by: host)
        #expect(code(settings) { $0.limits = .init(cpuQuota: 2, memory: "1g") } == nil)
        #expect(code(settings) { $0.limits.cpuQuota = 2.01 } == .limitExceeded)
        #expect(code(settings) { $0.limits.memory = "1073741825" } == .limitExceeded)
        var job = Job(id: "j", kind: .start, gameID: "g", image: ImageReference("e:1"))
        job.limits.memory = "2g"
        let failure = #expect(throws: JobFailure.self) { try Policy(settings).allow(job) }
        #expect(failure?.message == "memory 2g is above the 1g that this fleet allows")
        var bounded = NodeSettings(maximumLimits: .init(cpuQuota: 1.5, memory: "2g"))
        bounded.boundLimits(by: host)
        #expect(bounded.maximumLimits == .init(cpuQuota: 1.5, memory: "2g"))
    }

    @Test("also applies the bounds to an image's labels, at the start")
    func imageBounds() {
        let settings = NodeSettings(maximumLimits: .init(cpuQuota: 2, memory: "1g", pidsLimit: 600))
        for labels in [
            ["com.galaxy.cpu_quota": "3"], ["com.galaxy.memory": "2g"], ["com.galaxy.pids_limit": "601"],
        ] as [LabelMap] {
            let job = Job(id: "j", kind: .start, gameID: "g", image: ImageReference("e:1"))
            let failure = #expect(throws: JobFailure.self) {
                try Policy(settings).allow(job).spec(on: ImageInspect(ref: "e:1", labels: labels))
            }
            #expect(failure?.code == .limitExceeded)
        }
    }

    @Test(
        "matches glob patterns",
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
