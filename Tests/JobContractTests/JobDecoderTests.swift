import Primitives
import Testing

@testable import JobContract

@Suite("The decoder of job messages")
struct JobDecoderTests {
    private let decoder = JobDecoder()

    private func decode(_ text: String) -> DecodedMessage { decoder.decode(Array(text.utf8)) }

    private func rejection(_ text: String) -> Rejection? {
        if case .rejected(let rejection) = decode(text) { rejection } else { nil }
    }

    @Test("reads a full start")
    func fullStart() {
        let message = """
            {"v":1,"id":"s-1","kind":"start","game_id":"g-1","image":"galaxy/engine","pull_policy":"never",
             "env":{"A":"1"},"cmd":["run","--fast"],"labels":{"team":"x"},
             "limits":{"cpu_quota":0.5,"memory":"64m","pids_limit":32},
             "bind_mounts":[{"host_path":"/srv/maps","mount_path":"/maps","read_only":true}],
             "ready_timeout_seconds":5,"deadline":"2030-01-01T00:00:00Z","max_attempts":3,
             "enqueued_at":"2026-01-01T00:00:00.5Z","traceparent":"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
             "unknown":{"is":"ignored"}}
            """
        let expected = Job(
            id: "s-1",
            kind: .start,
            gameID: "g-1",
            image: ImageReference("galaxy/engine:latest"),
            pullPolicy: "never",
            env: ["A": "1"],
            cmd: ["run", "--fast"],
            labels: ["team": "x"],
            limits: .init(cpuQuota: 0.5, memory: "64m", pidsLimit: 32),
            bindMounts: [.init(hostPath: "/srv/maps", mountPath: "/maps", readOnly: true)],
            readyTimeoutSeconds: 5,
            deadline: Timestamp(rfc3339: "2030-01-01T00:00:00Z"),
            maxAttempts: 3,
            enqueuedAt: "2026-01-01T00:00:00.5Z",
            traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
        )
        #expect(decode(message) == .job(expected))
    }

    @Test("gives an omitted field its default, and treats null as omitted")
    func defaults() {
        let stop = decode(#"{"v":1,"id":"x","kind":"stop","game_id":"g","container_id":null}"#)
        #expect(stop == .job(Job(id: "x", kind: .stop, gameID: "g")))
        guard case .job(let job) = stop else { return }
        #expect(job.stopTimeoutSeconds == 30 && job.maxAttempts == 5 && job.supersedesStarts && job.cancelsStarts)
    }

    @Test("decodes a guarded job, and a remove without force, as jobs that cancel nothing")
    func effects() throws {
        let id = String(repeating: "a", count: 64)
        guard case .job(let guarded) = decode(#"{"v":1,"id":"x","kind":"stop","game_id":"g","container_id":"\#(id)"}"#),
            case .job(let remove) = decode(#"{"v":1,"id":"x","kind":"remove","game_id":"g"}"#)
        else {
            Issue.record("both are valid")
            return
        }
        #expect(!guarded.supersedesStarts && !guarded.cancelsStarts)
        #expect(remove.supersedesStarts && !remove.cancelsStarts)
    }

    @Test(
        "names the wrong field",
        arguments: [
            (#""id":"""#, "id"), (#""id":"a b""#, "id"), (#""id":"invalid:x""#, "id"), (#""id":7"#, "id"),
            (#""game_id":"G""#, "game_id"), (#""game_id":"-g""#, "game_id"),
            (#""game_id":"\#(String(repeating: "a", count: 52))""#, "game_id"),
            (#""image":"UPPER:1""#, "image"), (#""image":"a b""#, "image"), (#""image":null"#, "image"),
            (#""image":"my.team_x/engine:1""#, "image"),
            (#""pull_policy":"sometimes""#, "pull_policy"), (#""env":{"1A":"x"}"#, "env"), (#""env":{"A":1}"#, "env.A"),
            (#""env":["A"]"#, "env"), (#""env":{"A":"\u0000"}"#, "env.A"), (#""cmd":"ls""#, "cmd"),
            (#""cmd":["a\u0000"]"#, "cmd[0]"), (#""labels":{"com.galaxy.owner":"x"}"#, "labels.com.galaxy.owner"),
            (#""labels":{"exitCode":"0"}"#, "labels.exitCode"), (#""limits":{"cpu":1}"#, "limits.cpu"),
            (#""limits":{"cpu_quota":0}"#, "limits.cpu_quota"), (#""limits":{"cpu_quota":"1"}"#, "limits.cpu_quota"),
            (#""limits":{"pids_limit":0}"#, "limits.pids_limit"),
            (#""limits":{"pids_limit":1.5}"#, "limits.pids_limit"),
            (#""limits":{"memory":512}"#, "limits.memory"),
            (#""bind_mounts":[{"host_path":"/a"}]"#, "bind_mounts[0].mount_path"),
            (#""bind_mounts":[{"host_path":"a","mount_path":"/b"}]"#, "bind_mounts[0].host_path"),
            (#""ready_timeout_seconds":601"#, "ready_timeout_seconds"), (#""deadline":"tomorrow""#, "deadline"),
            (#""max_attempts":0"#, "max_attempts"), (#""max_attempts":21"#, "max_attempts"),
            (#""enqueued_at":"x""#, "enqueued_at"),
        ]
    )
    func invalidField(member: String, field: String) {
        let base = ["id": #""id":"j1""#, "game_id": #""game_id":"g""#, "image": #""image":"e:1""#]
        let name = String(member.dropFirst().prefix { $0 != "\"" })
        let members = base.filter { $0.key != name }.values + [member]
        let found = rejection("{\"v\":1,\"kind\":\"start\"," + members.joined(separator: ",") + "}")
        #expect(found?.code == .invalidJob)
        #expect(found?.error.hasPrefix(field + ":") == true, "\(found?.error ?? "accepted")")
    }

    @Test("checks in the order of the contract")
    func order() {
        #expect(rejection("{}")?.code == .unsupportedVersion)
        #expect(rejection(#"{"v":2,"kind":"x"}"#)?.code == .unsupportedVersion)
        #expect(rejection(#"{"v":1,"kind":"x","id":"!"}"#)?.code == .unknownKind)
        #expect(rejection(#"{"v":1,"kind":"stop","id":"!"}"#)?.code == .invalidJob)
        #expect(rejection("[]")?.code == .invalidMessage)
        #expect(rejection(#"{"v":1,"v":1}"#)?.code == .invalidMessage)
        #expect(decoder.decode([UInt8](repeating: 0x20, count: 65_537)).rejection?.code == .messageTooLarge)
    }

    @Test("rejects a message under its own id if that is well-formed, else under the SHA-1 of the bytes")
    func rejectionID() {
        let own = rejection(#"{"v":1,"kind":"fly","id":"mine","game_id":"g"}"#)
        #expect(own?.id == "mine" && own?.gameID == "g" && own?.kind == nil)
        let text = #"{"v":1,"kind":"stop","id":"not mine","game_id":"g"}"#
        #expect(rejection(text)?.id == JobDecoder.invalidID(of: Array(text.utf8)))
        #expect(JobDecoder.invalidID(of: Array("abc".utf8)) == "invalid:a9993e364706816aba3e25717850c26c9cd0d89d")
    }

    @Test("identifies a message above 1 MiB by its size and its first 64 KiB")
    func sha1OfLargeMessage() {
        let limit = 1 << 20
        var message = [UInt8](repeating: 0, count: limit)
        let whole = JobDecoder.sha1(of: message)
        message[limit - 1] = 1
        #expect(JobDecoder.sha1(of: message) != whole)
        message.append(0)
        let named = JobDecoder.sha1(of: message)
        #expect(named == JobDecoder.sha1(of: Array("1048577\n".utf8) + message.prefix(65_536)))
        message[65_536] = 1
        #expect(JobDecoder.sha1(of: message) == named)
        message[65_535] = 1
        #expect(JobDecoder.sha1(of: message) != named)
    }

    @Test(
        "accepts a job with an invalid traceparent, and ignores the field",
        arguments: [
            #""x""#, #""01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-a b""#,
            #""01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-a\nb""#, "7", "{}",
            #""00-00000000000000000000000000000000-00f067aa0ba902b7-01""#, #""""#,
        ]
    )
    func traceparents(text: String) {
        let decoded = decode(#"{"v":1,"id":"t","kind":"stop","game_id":"g","traceparent":\#(text)}"#)
        var expected = Job(id: "t", kind: .stop, gameID: "g")
        expected.hasIgnoredTraceparent = true
        #expect(decoded == .job(expected))
    }

    @Test("compares label names by bytes, and refuses the reserved names of Docker and of this project")
    func labelNames() throws {
        func message(_ labels: String) -> String {
            #"{"v":1,"id":"l","kind":"start","game_id":"g","image":"i:1","labels":{\#(labels)}}"#
        }
        guard case .job(let job) = decode(message(#""\u00e9":"1","e\u0301":"2""#)) else {
            Issue.record("two spellings are two labels")
            return
        }
        #expect(job.labels?.count == 2 && job.labels?["\u{e9}"] == "1" && job.labels?["e\u{301}"] == "2")
        #expect(rejection(#"{"v":1,"id":"l","kind":"stop","game_id":"g","\u00e9":1,"e\u0301":2}"#) == nil)
        #expect(rejection(message("\"\u{e9}\":\"1\",\"\\u00e9\":\"2\""))?.code == .invalidMessage)
        let prefixes = ["com.galaxy.", "com.docker.", "io.docker.", "org.dockerproject."]
        // With a mark behind it the last dot is part of another character, not of another byte.
        for name in prefixes.flatMap({ [$0 + "x", $0 + "\u{301}x"] }) + [
            "exitCode", "signal", "execID", "name", "image",
        ] {
            let refused = rejection(message("\"\(name)\":\"1\""))
            #expect(refused?.code == .invalidJob && refused?.error.contains(name) == true)
        }
    }

    @Test("accepts labels of at most 4,096 bytes in total")
    func labelBytes() {
        func message(_ bytes: Int) -> String {
            let value = String(repeating: "x", count: bytes - 3)
            return #"{"v":1,"id":"l","kind":"start","game_id":"g","image":"i:1","labels":{"a":"","bc":"\#(value)"}}"#
        }
        #expect(rejection(message(4_096)) == nil)
        #expect(rejection(message(4_097))?.error.contains("labels: have 4097 bytes") == true)
    }
}

extension DecodedMessage {
    fileprivate var rejection: Rejection? {
        if case .rejected(let rejection) = self { rejection } else { nil }
    }
}
