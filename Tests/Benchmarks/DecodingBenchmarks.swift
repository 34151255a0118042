import Crypto
import DockerPort
import Foundation
import JobContract
import RuntimeCore
import Testing

@Suite("Benchmarks of messages", .serialized, .timeLimit(.minutes(5)))
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

    @Test("decoding a job, beside Foundation's reading of the same bytes", arguments: ["stop", "start"])
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
        } floor: {
            Stopwatch.keep(try JSONSerialization.jsonObject(with: data))
        }
        #expect(times.work > 0 && times.floor > 0)
    }

    @Test("making the spec of a container, beside the digest of the message that is a part of it")
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
        } floor: {
            Stopwatch.keep(SHA256.hash(data: Self.large))
        }
        #expect(times.work > 0 && times.floor > 0)
    }
}
