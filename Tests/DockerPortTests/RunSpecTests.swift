import Primitives
import Testing

@testable import DockerPort

@Suite("A run spec")
struct RunSpecTests {
    private func valid() -> RunSpec {
        RunSpec(
            name: "galaxy-game-g1",
            image: "galaxy/engine:1",
            hostname: "galaxy-game-g1",
            network: "galaxy-net",
            bindMounts: [BindMount(hostPath: "/srv/g1", mountPath: "/data")],
            logDriver: "json-file",
            cpuQuota: 1,
            memory: "512m",
            pidsLimit: 512
        )
    }

    /// The changes in the order of the rules.
    private static let rules: [(String, @Sendable (inout RunSpec) -> Void)] = [
        ("run spec: name must not be empty", { $0.name = "" }),
        ("run spec: image must not be empty", { $0.image = "" }),
        ("run spec: hostname must not be empty", { $0.hostname = "" }),
        ("run spec: network must not be empty", { $0.network = "" }),
        ("run spec: log driver must not be empty", { $0.logDriver = "" }),
        ("run spec: cpu quota must be positive", { $0.cpuQuota = 0 }),
        ("run spec: memory must not be empty", { $0.memory = "" }),
        ("run spec: pids limit must be positive", { $0.pidsLimit = 0 }),
        ("run spec: bind mounts[0]: host path must not be empty", { $0.bindMounts[0].hostPath = "" }),
        ("run spec: bind mounts[0]: mount path must not be empty", { $0.bindMounts[0].mountPath = "" }),
    ]

    @Test("is accepted if it is valid")
    func accepted() throws {
        try valid().validate()
        try valid().validateForEngine()
        for driver in ["json-file", "local", "journald", "none"] {
            var spec = valid()
            spec.logDriver = driver
            spec.logOpts = ["mode": "non-blocking", "max-buffer-size": "1m"]
            if LogRules.rotates(driver) {
                spec.logOpts.merge(["max-size": "1m", "max-file": "3", "compress": "true"]) { $1 }
            }
            try spec.validateForEngine()
        }
    }

    @Test("is refused with the sentence of the first rule that it breaks")
    func order() {
        for first in Self.rules.indices {
            var spec = valid()
            for (_, change) in Self.rules[first...] { change(&spec) }
            let violation = #expect(throws: RunSpec.Violation.self) { try spec.validate() }
            #expect(violation?.description == Self.rules[first].0)
            #expect(throws: RunSpec.Violation.self) { try spec.validateForEngine() }
        }
    }

    @Test("is refused with the name of the wrong mount")
    func secondMount() {
        var spec = valid()
        spec.bindMounts.append(BindMount(hostPath: "", mountPath: ""))
        let violation = #expect(throws: RunSpec.Violation.self) { try spec.validate() }
        #expect(violation?.description == "run spec: bind mounts[1]: host path must not be empty")
    }

    @Test("has a CPU quota that is a number", arguments: [-1, 0, .nan, -.infinity] as [Double])
    func quota(_ quota: Double) {
        var spec = valid()
        spec.cpuQuota = quota
        #expect(throws: RunSpec.Violation.self) { try spec.validate() }
    }

    private static let engineRules: [(String, @Sendable (inout RunSpec) -> Void)] = [
        ("name x is no", { $0.name = "x" }), ("name -a is no", { $0.name = "-a" }),
        ("name a/b is no", { $0.name = "a/b" }),
        ("is no container name", { $0.name = String(repeating: "a", count: 64) }),
        ("image UPPER", { $0.image = "UPPER" }), ("image sha256:ab", { $0.image = "sha256:ab" }),
        ("hostname", { $0.hostname = "A" }), ("hostname", { $0.hostname = "-a" }),
        ("hostname", { $0.hostname = "a.b" }), ("hostname", { $0.hostname = String(repeating: "a", count: 64) }),
        ("network host", { $0.network = "host" }), ("network container:x", { $0.network = "container:x" }),
        ("cpu quota 0.0099", { $0.cpuQuota = 0.0099 }), ("cpu quota inf", { $0.cpuQuota = .infinity }),
        ("memory 1.5g is no amount", { $0.memory = "1.5g" }), ("memory 6291455 is below 6m", { $0.memory = "6291455" }),
        ("pids limit 4194305", { $0.pidsLimit = 4_194_305 }), ("engine port 65536", { $0.enginePort = 65_536 }),
        ("env A", { $0.env = ["A": "x\0"] }), ("env A=", { $0.env = ["A=": "x"] }),
        ("name is not empty and has no =", { $0.env = ["A=\u{301}": "x"] }),
        ("env :", { $0.env = ["": "x"] }),
        ("cmd[1] has a NUL", { $0.cmd = ["a", "\0"] }),
        ("capability ALL", { $0.hardening.capAdd = ["ALL"] }),
        ("capability chown", { $0.hardening.capAdd = ["chown"] }),
        ("user must not be empty", { $0.hardening.user = "" }),
        ("host path /srv/../etc", { $0.bindMounts[0].hostPath = "/srv/../etc" }),
        ("host path /srv/../\u{301}etc", { $0.bindMounts[0].hostPath = "/srv/../\u{301}etc" }),
        ("host path srv", { $0.bindMounts[0].hostPath = "srv" }), ("host path / ", { $0.bindMounts[0].hostPath = "/" }),
        ("host path /srv/", { $0.bindMounts[0].hostPath = "/srv/" }),
        ("mount path /a//b", { $0.bindMounts[0].mountPath = "/a//b" }),
        ("mount path /a/./b", { $0.bindMounts[0].mountPath = "/a/./b" }),
        ("log driver syslog is none of", { $0.logDriver = "syslog" }),
        ("log driver fluentd is none of", { $0.logDriver = "fluentd" }),
        ("log option syslog-address=tcp", { $0.logOpts = ["syslog-address": "tcp://10.0.0.1:514"] }),
        ("log option syslog-tls-ca-cert=", { $0.logOpts = ["syslog-tls-ca-cert": "/etc/shadow"] }),
        ("log option tag=", { $0.logOpts = ["tag": "{{.Name}}"] }), ("log option env=", { $0.logOpts = ["env": "A"] }),
        ("log option labels=", { $0.logOpts = ["labels": "a"] }),
        ("log option max-size=bogus", { $0.logOpts = ["max-size": "bogus"] }),
        ("log option max-size=-1", { $0.logOpts = ["max-size": "-1"] }),
        ("log option max-file=0", { $0.logOpts = ["max-file": "0"] }),
        ("log option mode=x", { $0.logOpts = ["mode": "x"] }),
        (
            "log option max-size=1m is none that driver journald",
            {
                $0.logDriver = "journald"; $0.logOpts = ["max-size": "1m"]
            }
        ),
        ("mount path /etc/x holds", { $0.bindMounts[0].mountPath = "/etc/x" }),
        ("mount path /etc/\u{301}x holds", { $0.bindMounts[0].mountPath = "/etc/\u{301}x" }),
        ("mount path /proc holds", { $0.bindMounts[0].mountPath = "/proc" }),
        ("mount path /var/run/x holds", { $0.bindMounts[0].mountPath = "/var/run/x" }),
        ("bind mounts[1]: /data is mounted twice", { $0.bindMounts.append($0.bindMounts[0]) }),
    ]

    @Test("may have mounts at two paths with equal glyphs and different bytes")
    func mountBytes() throws {
        var spec = valid()
        spec.bindMounts = ["/\u{e9}", "/e\u{301}"].map { BindMount(hostPath: "/srv/a", mountPath: $0) }
        try spec.validateForEngine()
    }

    @Test("is refused if Docker would interpret it differently")
    func engineRules() throws {
        for (part, change) in Self.engineRules {
            var spec = valid()
            change(&spec)
            try spec.validate()
            let violation = #expect(throws: RunSpec.Violation.self) { try spec.validateForEngine() }
            #expect(violation?.description.contains(part) == true, "\(part): \(violation?.description ?? "accepted")")
        }
    }

    @Test("may have values at their bounds")
    func bounds() throws {
        var spec = valid()
        spec.name = "a" + String(repeating: "b", count: 62)
        spec.hostname = spec.name
        spec.cpuQuota = 0.01
        spec.memory = "6m"
        spec.pidsLimit = 4_194_304
        spec.env = ["A": "b=c\nd"]
        spec.hardening = Hardening(capAdd: ["NET_BIND_SERVICE"], user: "1000:1000")
        try spec.validateForEngine()
    }

    @Test("gives the endpoint of its hostname and port")
    func endpoint() {
        var spec = valid()
        spec.enginePort = 9_000
        #expect(spec.engineEndpoint == "http://galaxy-game-g1:9000")
    }
}
