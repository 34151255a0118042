import Primitives
import DockerPort
import Foundation
import NIOCore
import Testing

@testable import DockerEngine

@Suite("The body of a create request")
struct CreateBodyTests {
    private func json(_ spec: RunSpec) throws -> String {
        String(buffer: try encodedJSON(try CreateBody(spec), operation: "run"))
    }

    @Test("has the whole spec, with hardening")
    func whole() throws {
        var spec = Samples.spec()
        spec.cmd = ["serve", "--fast"]
        spec.bindMounts = [
            BindMount(hostPath: "/srv/games/g1", mountPath: "/var/lib/galaxy"),
            BindMount(hostPath: "/srv/maps", mountPath: "/maps", readOnly: true),
        ]
        spec.hardening = Hardening(capAdd: ["NET_BIND_SERVICE", "CHOWN"], readOnlyRootfs: true, user: "1000:1000")
        let expected = """
            {"Cmd":["serve","--fast"],"Env":["A=1","B=2"],"HostConfig":{"AutoRemove":false,\
            "CapAdd":["CHOWN","NET_BIND_SERVICE"],"CapDrop":["ALL"],"CgroupnsMode":"private","Init":true,"IpcMode":"private",\
            "LogConfig":{"Config":{"max-size":"10m"},"Type":"json-file"},"Memory":67108864,"MemorySwap":67108864,\
            "Mounts":[{"BindOptions":{"NonRecursive":true,"Propagation":"rprivate"},"ReadOnly":false,\
            "Source":"/srv/games/g1","Target":"/var/lib/galaxy","Type":"bind"},\
            {"BindOptions":{"NonRecursive":true,"Propagation":"rprivate"},"ReadOnly":true,\
            "Source":"/srv/maps","Target":"/maps","Type":"bind"}],"NanoCpus":500000000,\
            "NetworkMode":"galaxy-net","OomScoreAdj":500,"PidsLimit":64,"ReadonlyRootfs":true,"RestartPolicy":{"Name":"no"},\
            "SecurityOpt":["no-new-privileges"],"Tmpfs":{"/tmp":"rw,nosuid,nodev,noexec,mode=1777,size=64m"},\
            "Ulimits":[{"Hard":0,"Name":"core","Soft":0},{"Hard":65536,"Name":"nofile","Soft":65536}]},\
            "Hostname":"galaxy-game-g1","Image":"galaxy/engine:1",\
            "Labels":{"com.galaxy.job_id":"j1","com.galaxy.owner":"rtmanager"},\
            "NetworkingConfig":{"EndpointsConfig":{"galaxy-net":{"Aliases":["galaxy-game-g1"]}}},\
            "StopSignal":"SIGTERM","User":"1000:1000"}
            """
        #expect(try json(spec) == expected)
    }

    @Test("keeps labels by their bytes, and adds none")
    func labels() throws {
        var spec = Samples.spec()
        spec.env = ["A": #""Labels":{}"#]
        spec.cmd = [#""Labels":{}"#]
        spec.labels = ["caf\u{e9}": "1", "cafe\u{301}": "\"\n", "Labels": "{}"]
        let expected = #""Labels":{"Labels":"{}","cafe\#u{301}":"\"\n","caf\#u{e9}":"1"},"NetworkingConfig""#
        let text = try json(spec)
        #expect(contains(text, expected))
        spec.labels = [:]
        #expect(contains(try json(spec), #""Labels":{},"NetworkingConfig""#))
    }

    private func contains(_ text: String, _ part: String) -> Bool {
        let part = Array(part.utf8)
        let bytes = Array(text.utf8)
        return bytes.indices.contains { bytes[$0...].starts(with: part) }
    }

    @Test("omits fields that the image decides")
    func imageDecides() throws {
        let text = try json(Samples.spec())
        for field in ["Cmd", "User", "CapAdd", "Tmpfs", "Healthcheck"] { #expect(!text.contains("\"\(field)\"")) }
        #expect(text.contains(#""ReadonlyRootfs":false"#))
    }

    @Test("has a health check in nanoseconds, and omits Docker's defaults")
    func healthcheck() throws {
        var spec = Samples.spec()
        spec.healthcheck = Healthcheck(
            test: ["CMD", "x"],
            interval: .seconds(1),
            timeout: .milliseconds(5),
            retries: 2
        )
        #expect(
            try json(spec).contains(
                #""Healthcheck":{"Interval":1000000000,"Retries":2,"Test":["CMD","x"],"Timeout":5000000}"#
            )
        )
    }

    @Test("adds the tag that Docker would assume")
    func tag() throws {
        var spec = Samples.spec()
        spec.image = "registry.example:5000/team/engine"
        #expect(try CreateBody(spec).image == "registry.example:5000/team/engine:latest")
    }

    @Test(
        "has CPUs in billionths, in steps of a hundredth",
        arguments: [
            (0.01, 10_000_000), (0.014, 10_000_000), (0.29, 290_000_000), (1, 1_000_000_000), (2.5, 2_500_000_000),
        ]
            as [(Double, Int64)]
    )
    func cpus(quota: Double, nano: Int64) throws {
        var spec = Samples.spec()
        spec.cpuQuota = quota
        #expect(try CreateBody(spec).limits.nanoCPUs == nano)
    }

    @Test("is refused for an invalid spec")
    func refused() {
        var spec = Samples.spec()
        spec.name = ""
        let error = #expect(throws: DockerError.self) { try CreateBody(spec) }
        #expect(error?.code == .invalidSpec)
        #expect(error?.message == "run spec: name must not be empty")
    }
}

@Suite("The limits of a container")
struct LimitsTests {
    private let asked = Limits(nanoCPUs: 1, memory: 2, memorySwap: 2, pids: 3)

    @Test("are equal if no field differs")
    func same() { #expect(asked.difference(from: asked) == nil) }

    @Test("are listed by name if they differ")
    func differ() {
        let shown = Limits(nanoCPUs: 0, memory: 2, memorySwap: -1, pids: 0)
        #expect(
            shown.difference(from: asked)
                == "NanoCpus is 0 instead of 1, MemorySwap is -1 instead of 2, PidsLimit is 0 instead of 3"
        )
    }
}
