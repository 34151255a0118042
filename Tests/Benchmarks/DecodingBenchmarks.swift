import Primitives
import DockerPort
import Foundation
import JobContract
import RuntimeCore
import Support
import Testing

@Suite("Benchmarks of the job decoder", .tags(.timing), .serialized, .timeLimit(.minutes(5)))
struct DecodingBenchmarks {
    private static let small = Array(
        #"{"v":1,"id":"job-1","kind":"stop","game_id":"game-1","enqueued_at":"2026-01-01T00:00:00.000Z"}"#.utf8
    )
    private static let large = Array(
        """
        {"v":1,"id":"job-1","kind":"start","game_id":"game-1","image":"registry.example/galaxy/engine:1.4.2",\
        "env":{"MODE":"ranked","MAP":"7","REGION":"eu-west"},"cmd":["serve","--port","8080"],\
        "labels":{"team":"blue"},"limits":{"cpu_quota":0.5,"memory":"64m","pids_limit":70},\
        "bind_mounts":[{"host_path":"/srv/maps","mount_path":"/maps","read_only":true}],\
        "ready_timeout_seconds":9,"enqueued_at":"2026-01-01T00:00:00.000Z"}
        """.utf8
    )

    @Test("decoding a job, compared with Foundation's decoder", arguments: ["stop", "start"])
    func decode(_ kind: String) throws {
        let message = kind == "start" ? Self.large : Self.small
        let decoder = JobDecoder()
        guard case .job(let job) = decoder.decode(message) else {
            Issue.record("the message is no job")
            return
        }
        #expect(job.id == "job-1")
        let data = Data(message)
        let times = try Stopwatch.compare("decode a \(kind) of \(message.count) bytes", beside: "JSONSerialization") {
            Stopwatch.keep(decoder.decode(message))
        } baseline: {
            Stopwatch.keep(try JSONSerialization.jsonObject(with: data))
        }
        #expect(times.work > 0 && times.baseline > 0)
    }

    /// The largest message, made of one part over and over.
    private static func filled(_ begin: String, _ part: (Int) -> String, _ end: String) -> [UInt8] {
        var text = begin
        for index in 0... {
            let next = (index == 0 ? "" : ",") + part(index)
            guard text.utf8.count + next.utf8.count + end.utf8.count <= JobDecoder.maximumMessageBytes else { break }
            text += next
        }
        return Array((text + end).utf8)
    }

    /// What took most time of all messages of 64 KiB that were tried, when each value was built.
    private static let worst: [(String, [UInt8])] = {
        let stop = #"{"v":1,"id":"a","kind":"stop","game_id":"g","x":"#
        let start = #"{"v":1,"id":"a","kind":"start","game_id":"g","image":"i:1","#
        let deep = String(repeating: #"{"":"#, count: 30) + "0" + String(repeating: "}", count: 30)
        return [
            ("small members", filled(stop + "{", { "\"\(String($0, radix: 36))\":0" }, "}}")),
            ("small members of env", filled(start + #""env":{"#, { "\"\(String($0, radix: 36))\":0" }, "}}")),
            ("deep objects in cmd", filled(start + #""cmd":["#, { _ in deep }, "]}")),
            ("objects", filled(stop + "[", { _ in #"{"a":0}"# }, "]}")),
            ("empty arrays in cmd", filled(start + #""cmd":["#, { _ in "[]" }, "]}")),
            ("numbers", filled(stop + "[", { _ in "1e308" }, "]}")),
            ("strings", filled(stop + "[", { _ in #""\n""# }, "]}")),
            ("an escaped string", Array((stop + "\"" + String(repeating: #"\u0041"#, count: 10_900) + "\"}").utf8)),
            (
                "a traceparent",
                Array((stop + #"0,"traceparent":""# + String(repeating: "-", count: 65_400) + "\"}").utf8)
            ),
        ]
    }()

    @Test("decoding the slowest 64 KiB, compared with the SHA-1 of a refused message")
    func worst() {
        for (name, message) in Self.worst {
            #expect(message.count <= JobDecoder.maximumMessageBytes)
            let decoder = JobDecoder()
            let times = Stopwatch.compare("decode \(name)", beside: "SHA-1", calls: 4) {
                Stopwatch.keep(decoder.decode(message))
            } baseline: {
                Stopwatch.keep(JobDecoder.sha1(of: message))
            }
            #expect(times.work > 0)
            if Stopwatch.isMeasuring { #expect(times.work < 3_000_000, "\(name)") }
        }
    }

    @Test("making the spec of a container, compared with the digest of the message")
    func translate() throws {
        guard case .job(let job) = JobDecoder().decode(Self.large) else {
            Issue.record("the message is no job")
            return
        }
        let allowed = try Policy(NodeSettings(allowedMountRoots: [MountRoot("/srv", isReadOnly: true)])).allow(job)
        let image = ImageInspect(
            ref: allowed.image,
            labels: ["com.galaxy.memory": "64m", "com.galaxy.port": "9000"]
        )
        #expect(try allowed.spec(on: image).enginePort == 9_000)
        let times = try Stopwatch.compare("translate", beside: "SHA-256 of the message") {
            Stopwatch.keep(try allowed.spec(on: image))
        } baseline: {
            Stopwatch.keep(Digest.sha256(Self.large))
        }
        #expect(times.work > 0 && times.baseline > 0)
    }
}
