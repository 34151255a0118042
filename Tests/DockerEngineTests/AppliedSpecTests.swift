import DockerPort
import Foundation
import Testing

@testable import DockerEngine

@Suite("The difference between a running container and its spec")
struct AppliedSpecTests {
    /// What an Engine shows of a container made by ``Samples/spec()`` that has one mount.
    private func difference(
        host: String = #""SecurityOpt":["no-new-privileges"],"LogConfig":{"Type":"json-file"}"#,
        config: String = #""User":"""#,
        mounts: String = #"{"Type":"bind","Source":"/srv/g1","Destination":"/data","RW":true}"#,
        network: String = "galaxy-net",
        asking change: (inout RunSpec) -> Void = { _ in }
    ) throws -> String? {
        var spec = Samples.spec()
        spec.bindMounts = [BindMount(hostPath: "/srv/g1", mountPath: "/data", root: "/srv")]
        change(&spec)
        let text = #"""
            {"Id":"x","HostConfig":{\#(host)},"Config":{\#(config)},"Mounts":[\#(mounts)],
             "NetworkSettings":{"Networks":{"\#(network)":{}}}}
            """#
        return try JSONDecoder().decode(ContainerAnswer.self, from: Data(text.utf8)).difference(from: spec)
    }

    @Test("is empty if the container is as requested")
    func same() throws {
        #expect(try difference() == nil)
        // Volumes that the image declares are its own matter.
        let volume = #"{"Type":"volume","Source":"/v","Destination":"/w","RW":true}"#
        let mount = #"{"Type":"bind","Source":"/srv/g1","Destination":"/data","RW":true}"#
        #expect(try difference(mounts: volume + "," + mount) == nil)
    }

    @Test(
        "names each limit that was not applied",
        arguments: [
            (#""Privileged":true,"SecurityOpt":["no-new-privileges"]"#, "it is privileged"),
            (#""SecurityOpt":null"#, "it may gain privileges"), ("", "it may gain privileges"),
            (#""SecurityOpt":["no-new-privileges"],"PidMode":"host""#, "PidMode is host"),
            (#""SecurityOpt":["no-new-privileges"],"IpcMode":"container:x""#, "IpcMode is container:x"),
            (#""SecurityOpt":["no-new-privileges"],"UTSMode":"host""#, "UTSMode is host"),
            (#""SecurityOpt":["no-new-privileges"],"LogConfig":{"Type":"syslog"}"#, "its log driver is syslog"),
            (#""CgroupnsMode":"host""#, "CgroupnsMode is host"),
            (#""OomScoreAdj":0"#, "OomScoreAdj is 0 instead of 500"),
            (
                #""Ulimits":[{"Name":"core","Soft":0,"Hard":-1}]"#,
                "ulimit core is -1 instead of 0"
            ),
            (
                #""Ulimits":[{"Name":"RLIMIT_NOFILE","Soft":1048576,"Hard":1048576}]"#,
                "ulimit nofile is 1048576 instead of 65536"
            ),
        ]
    )
    func host(host: String, part: String) throws {
        #expect(try difference(host: host)?.contains(part) == true)
    }

    @Test("includes a health check that is faster than requested")
    func healthcheck() throws {
        func shown(_ nanoseconds: Int) -> String { #""Healthcheck":{"Test":["CMD","x"],"Interval":\#(nanoseconds)}"# }
        func ask(_ spec: inout RunSpec) { spec.healthcheck = Healthcheck(test: ["CMD", "x"], interval: .seconds(1)) }
        #expect(try difference(config: shown(1_000_000_000), asking: ask) == nil)
        #expect(try difference(config: shown(1_000_000), asking: ask)?.contains("health check") == true)
    }

    @Test("compares mounts by their bytes")
    func mountBytes() throws {
        func ask(_ spec: inout RunSpec) { spec.bindMounts = [BindMount(hostPath: "/srv/\u{e9}", mountPath: "/data")] }
        func shown(_ path: String) -> String { #"{"Type":"bind","Source":"\#(path)","Destination":"/data","RW":true}"# }
        #expect(try difference(mounts: shown("/srv/\u{e9}"), asking: ask) == nil)
        #expect(try difference(mounts: shown("/srv/e\u{301}"), asking: ask)?.contains("is not mounted") == true)
    }

    @Test("names mounts, user, root file system and network that differ")
    func others() throws {
        #expect(try difference(mounts: "") == "/srv/g1 at /data is not mounted")
        let readOnly = #"{"Type":"bind","Source":"/srv/g1","Destination":"/data","RW":false}"#
        #expect(try difference(mounts: readOnly)?.contains("/srv/g1 at /data, read-only is mounted") == true)
        #expect(try difference(network: "bridge") == "it is not on network galaxy-net")
        #expect(try difference { $0.hardening.user = "1000" } == "its user is ")
        #expect(try difference(config: #""User":"1000""#) { $0.hardening.user = "1000" } == nil)
        #expect(try difference { $0.hardening.readOnlyRootfs = true } == "its root can be written to")
    }
}
