import DockerPort
import Foundation
import NIOCore
import Primitives
import Testing

@testable import DockerEngine

@Suite("Responses of the Docker Engine")
struct ResponseTests {
    private func decode<Value: Decodable>(_ type: Value.Type, _ text: String) throws -> Value {
        try JSONDecoder().decode(type, from: Data(text.utf8))
    }

    private func decode<Value: LabelledAnswer>(_ type: Value.Type, _ text: String) throws -> Value {
        try labelledJSON(type, from: ByteBuffer(string: text))
    }

    @Test("an inspected container has all its fields")
    func container() throws {
        let text = #"""
            {"Id":"\#(Samples.id)","Created":"2026-05-04T03:02:00.05Z","Name":"/galaxy-game-g1","RestartCount":2,
             "Image":"sha256:abc","Platform":"linux","MountLabel":"",
             "State":{"Status":"running","Running":true,"OOMKilled":true,"Dead":false,"Pid":7,"ExitCode":0,"Error":"",
              "StartedAt":"2026-05-04T03:02:01.97423895Z","FinishedAt":"2026-05-04T03:01:59Z",
              "Health":{"Status":"healthy","FailingStreak":0,"Log":[]}},
             "Config":{"Image":"galaxy/engine:1","Hostname":"h","Labels":{"a":"b"},"Env":null},
             "Mounts":[{"Type":"bind","Source":"/s","Destination":"/d","Mode":"","RW":false,"Propagation":"rprivate"},
              {"Type":"volume","Name":"v","Source":"/v","Destination":"/w","RW":true}],
             "HostConfig":{"NanoCpus":1,"Memory":2,"MemorySwap":3,"PidsLimit":4,"Binds":null},
             "NetworkSettings":{"IPAddress":"","Networks":{"n":{"IPAddress":"172.18.0.2","Aliases":null},
              "m":{"IPAddress":""},"o":null}}}
            """#
        let answer = try decode(ContainerAnswer.self, text)
        #expect(
            answer.inspect
                == ContainerInspect(
                    id: Samples.id,
                    name: "galaxy-game-g1",
                    imageRef: "galaxy/engine:1",
                    imageID: "sha256:abc",
                    hostname: "h",
                    labels: ["a": "b"],
                    status: "running",
                    health: "healthy",
                    restartCount: 2,
                    createdAt: Timestamp(rfc3339: "2026-05-04T03:02:00.05Z"),
                    startedAt: Timestamp(rfc3339: "2026-05-04T03:02:01.97423895Z"),
                    finishedAt: Timestamp(rfc3339: "2026-05-04T03:01:59Z"),
                    exitCode: 0,
                    oomKilled: true,
                    mounts: [BindMount(hostPath: "/s", mountPath: "/d", readOnly: true)],
                    addresses: ["n": "172.18.0.2"],
                    nanoCPUs: 1,
                    memoryBytes: 2
                )
        )
        #expect(answer.limits == Limits(nanoCPUs: 1, memory: 2, memorySwap: 3, pids: 4))
    }

    @Test("an inspected container may have only an id")
    func bareContainer() throws {
        let answer = try decode(ContainerAnswer.self, #"{"Id":"x","State":{"StartedAt":"0001-01-01T00:00:00Z"}}"#)
        #expect(answer.inspect == ContainerInspect(id: "x", name: "", imageRef: "", status: ""))
        #expect(answer.limits == Limits(nanoCPUs: 0, memory: 0, memorySwap: 0, pids: 0))
        let nulls =
            #"{"Id":"x","Config":null,"Mounts":null,"NetworkSettings":{"Networks":null},"HostConfig":{"PidsLimit":null}}"#
        #expect(try decode(ContainerAnswer.self, nulls).inspect.id == "x")
    }

    @Test("labels with equal glyphs and different bytes stay different, and escapes are decoded")
    func labels() throws {
        let expected: LabelMap = ["\u{e9}": "1", "e\u{301}": "2", "\u{212A}\"": "<\n\u{1F600}", "K\"": ""]
        let text = #"{"\#u{e9}":"1","e\u0301":"2","\u212a\"" : "\u003c\n\ud83d\ude00","K\"":""}"#
        let config =
            #"{"Id":"x","Other":[{"Labels":{"a":"b"}},"}",1.5,null],"Config":{"Env":["\"}"],"Labels":\#(text)},"Z":1}"#
        #expect(try decode(ContainerAnswer.self, config).inspect.labels == expected)
        #expect(try decode(ImageAnswer.self, config).inspect(ref: "r").labels == expected)
        #expect(try decode(ContainerRow.self, " {\n\"Id\" : \"x\", \"Labels\" :\(text) }").labels == expected)
        let event = #"{"Action":"start","Actor":{"ID":"x","Attributes":\#(text)}}"#
        #expect(try decode(EventLine.self, event).event?.labels == expected)
    }

    @Test(
        "labels that are no object of strings are an error",
        arguments: [
            #"{"a":1}"#, #"{"a":null}"#, #"["a"]"#, #""a""#, "1", "true", #"{"a":"\ud83d"}"#, #"{"a":{"b":"c"}}"#,
        ]
    )
    func wrongLabels(text: String) {
        #expect(throws: (any Error).self) { try decode(ContainerRow.self, #"{"Id":"x","Labels":\#(text)}"#) }
        #expect(throws: (any Error).self) {
            try decode(ImageAnswer.self, #"{"Id":"x","Config":{"Labels":\#(text)}}"#)
        }
    }

    @Test("an image may have no labels and no health check")
    func image() throws {
        let text = #"{"Id":"sha256:1","Config":{"Labels":{"a":"b"},"Healthcheck":{"Test":["CMD","x"]}}}"#
        #expect(
            try decode(ImageAnswer.self, text).inspect(ref: "r")
                == ImageInspect(ref: "r", id: "sha256:1", labels: ["a": "b"], hasHealthcheck: true)
        )
        for text in [
            #"{"Id":"sha256:1"}"#, #"{"Id":"sha256:1","Config":{"Labels":null}}"#,
            #"{"Id":"sha256:1","Config":{"Healthcheck":{"Test":["NONE"]}}}"#,
        ] {
            #expect(try decode(ImageAnswer.self, text).inspect(ref: "r") == ImageInspect(ref: "r", id: "sha256:1"))
        }
    }

    @Test("an image shows the slowed health check of its containers")
    func quickHealthcheck() throws {
        let check = #""Test":["CMD","x"],"Timeout":2000000,"Retries":3"#
        let quick = #"{"Config":{"Healthcheck":{\#(check),"Interval":1000000}}}"#
        let expected = Healthcheck(test: ["CMD", "x"], interval: .seconds(1), timeout: .milliseconds(2), retries: 3)
        #expect(try decode(ImageAnswer.self, quick).inspect(ref: "r").slowedHealthcheck == expected)
        for interval in [0, 1_000_000_000, 30_000_000_000] {
            let slow = #"{"Config":{"Healthcheck":{\#(check),"Interval":\#(interval),"StartInterval":0}}}"#
            #expect(try decode(ImageAnswer.self, slow).inspect(ref: "r").slowedHealthcheck == nil)
        }
    }

    @Test(
        "a network shows why containers cannot use it",
        arguments: [
            (#"{"Name":"n","Driver":"bridge","Scope":"local","Attachable":false,"Ingress":false}"#, nil),
            (#"{"Name":"n"}"#, nil),
            (#"{"Name":"n","Driver":"overlay","Scope":"swarm","Attachable":true}"#, nil),
            (#"{"Name":"n","Driver":"overlay","Scope":"swarm","Attachable":false}"#, "--attachable"),
            (#"{"Name":"n","Driver":"overlay","Scope":"swarm","Attachable":true,"Ingress":true}"#, "ingress"),
            (#"{"Name":"n","Driver":"host","Scope":"local"}"#, "driver is host"),
        ] as [(String, String?)]
    )
    func network(text: String, obstacle: String?) throws {
        let found = try decode(NetworkAnswer.self, text).obstacle
        if let obstacle { #expect(found?.contains(obstacle) == true) } else { #expect(found == nil) }
    }

    @Test(
        "a Swarm worker differs from a Docker Engine alone",
        arguments: [
            (#"{"ID":"x"}"#, .none),
            (#"{"Swarm":{"LocalNodeState":"inactive","ControlAvailable":false}}"#, .none),
            (#"{"Swarm":{"LocalNodeState":"active","ControlAvailable":true}}"#, .manager),
            (#"{"Swarm":{"LocalNodeState":"active","ControlAvailable":false}}"#, .worker),
            (#"{"Swarm":{"LocalNodeState":"pending","ControlAvailable":false}}"#, .away("pending")),
            (#"{"Swarm":{"LocalNodeState":"locked","ControlAvailable":true}}"#, .away("locked")),
        ] as [(String, SwarmState)]
    )
    func swarm(text: String, state: SwarmState) throws {
        let answer = try decode(InfoAnswer.self, text)
        #expect(answer.swarmState == state && answer.info(apiVersion: "1.41").swarm == state)
    }

    @Test(
        "a network of Swarm without a gateway on the host is an overlay network",
        arguments: [
            (#"{"IPAddress":"10.0.1.2","Gateway":"","NetworkID":"i33fbthfpucdo3evlibd2bg4s"}"#, true),
            (#"{"IPAddress":"10.0.1.2","NetworkID":"i33fbthfpucdo3evlibd2bg4s"}"#, true),
            // A macvlan of a Swarm.
            (#"{"IPAddress":"10.0.1.2","Gateway":"10.0.1.1","NetworkID":"i33fbthfpucdo3evlibd2bg4s"}"#, false),
            // An internal bridge.
            ("{\"IPAddress\":\"172.19.0.2\",\"Gateway\":\"\",\"NetworkID\":\"\(hexID(0xAB))\"}", false),
            // Podman gives the name.
            (#"{"IPAddress":"10.88.0.2","Gateway":"","NetworkID":"games"}"#, false),
            (#"{"IPAddress":"10.88.0.2"}"#, false),
        ] as [(String, Bool)]
    )
    func overlay(endpoint: String, isOverlay: Bool) throws {
        let text = #"{"Id":"c","NetworkSettings":{"Networks":{"n":\#(endpoint),"other":null}}}"#
        #expect(try decode(ContainerAnswer.self, text).inspect.overlays == (isOverlay ? ["n"] : []))
    }

    @Test("a network gives the addresses of its containers, not of Docker's own endpoints")
    func gatewayBridge() throws {
        let (one, two) = (hexID(1), hexID(2))
        let text = """
            {"Name":"docker_gwbridge","Driver":"bridge","Containers":{
            "\(one)":{"Name":"gateway_f37a6cc8e74e","IPv4Address":"172.18.0.3/16","IPv6Address":""},
            "\(two)":{"Name":"gateway_f37a6cc8e74f","IPv4Address":"","IPv6Address":"fd00::3/64"},
            "ingress-sbox":{"Name":"gateway_ingress-sbox","IPv4Address":"172.18.0.2/16","IPv6Address":""}}}
            """
        let network = try decode(NetworkAnswer.self, text).inspect
        #expect(network.addresses == [ContainerID(one): "172.18.0.3", ContainerID(two): "fd00::3"])
    }
}

@Suite("A line of the Docker Engine's event stream")
struct EventLineTests {
    private func event(_ text: String) throws -> DockerEvent? {
        try labelledJSON(EventLine.self, from: ByteBuffer(string: text)).event
    }

    @Test("becomes an event with labels but without Docker's own attributes")
    func die() throws {
        let text = #"""
            {"status":"die","id":"x","from":"i","Type":"container","Action":"die","Actor":{"ID":"x","Attributes":
            {"com.galaxy.game_id":"g1","execDuration":"3","exitCode":"137","image":"i","name":"n","signal":"9","execID":"e"}},
            "scope":"local","time":1777863721,"timeNano":1777863721123456789}
            """#
        #expect(
            try event(text)
                == DockerEvent(
                    action: "die",
                    containerID: "x",
                    name: "n",
                    image: "i",
                    labels: ["com.galaxy.game_id": "g1"],
                    exitCode: 137,
                    hasExitCode: true,
                    occurredAt: Timestamp(seconds: 1_777_863_721, nanoseconds: 123_456_789)
                )
        )
    }

    @Test("may leave out type, attributes and nanoseconds")
    func bare() throws {
        let found = try event(#"{"Action":"start","Actor":{"ID":"x"},"time":5}"#)
        #expect(found == DockerEvent(action: "start", containerID: "x", occurredAt: Timestamp(seconds: 5)))
    }

    @Test("has no exit code if the text is no number")
    func exitCode() throws {
        let text = #"{"Action":"die","Actor":{"ID":"x","Attributes":{"exitCode":"many"}},"timeNano":1}"#
        #expect(try event(text)?.hasExitCode == false)
    }

    @Test("of Podman gets Docker's word for a removal, and no exit code among its labels")
    func podman() throws {
        let text = #"""
            {"Type":"container","Action":"remove","Actor":{"ID":"x","Attributes":{"a":"b","containerExitCode":"0","podId":"",
             "image":"i","name":"n"}},"timeNano":1}
            """#
        let found = try event(text)
        #expect(found?.action == "destroy" && found?.labels == ["a": "b"] && found?.hasExitCode == false)
    }

    @Test("keeps the action's text")
    func verbatim() throws {
        let text = #"{"Action":"health_status: healthy","Actor":{"ID":"x"},"timeNano":1}"#
        #expect(try event(text)?.action == "health_status: healthy")
    }

    @Test(
        "is skipped if it is no container lifecycle event",
        arguments: [
            #"{"Action":"exec_start: sh -c x","Actor":{"ID":"x"},"timeNano":1}"#,
            #"{"Type":"image","Action":"tag","Actor":{"ID":"x"},"timeNano":1}"#,
            #"{"Action":"start","Actor":{"ID":""},"timeNano":1}"#, #"{"Action":"start","timeNano":1}"#, "{}",
        ]
    )
    func passedOver(text: String) throws {
        #expect(try event(text) == nil)
    }
}

/// A container's id with this number.
private func hexID(_ number: UInt64) -> String { String(repeating: "0", count: 48) + Hex.string(number) }
