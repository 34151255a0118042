import JobContract
import Primitives
import RuntimeClient
import Testing

@Suite("Job requests")
struct JobRequestTests {
    @Test("A minimal job has only the necessary fields")
    func small() throws {
        let request = JobRequest(kind: .stop, id: "j", gameID: "lobby")
        #expect(try request.message() == #"{"game_id":"lobby","id":"j","kind":"stop","v":1}"#)
    }

    @Test("A full start has every field under its contract name")
    func fullStart() throws {
        var request = JobRequest(kind: .start, id: "j-1", gameID: "lobby")
        request.queue = "urgent"
        request.image = "registry.example/engine:1"
        request.pullPolicy = "if_missing"
        request.env = ["gameMode": "a\"b", "B_C": "ü"]
        request.cmd = ["sh", "-c"]
        request.labels = ["com.example.someTeam": "red"]
        request.limits = JobRequest.Limits(cpuQuota: 0.5, memory: "512m", pidsLimit: 64)
        request.bindMounts = [JobRequest.Mount(hostPath: "/a", mountPath: "/b", readOnly: true)]
        request.readyTimeoutSeconds = 0
        request.deadline = Timestamp(seconds: 0, nanoseconds: 1)
        request.maxAttempts = 3
        request.enqueuedAt = Timestamp(seconds: 1, nanoseconds: 234_567_890)
        #expect(
            try request.message()
                == #"{"bind_mounts":[{"host_path":"/a","mount_path":"/b","read_only":true}],"cmd":["sh","-c"],"#
                + #""deadline":"1970-01-01T00:00:00.000000001Z","enqueued_at":"1970-01-01T00:00:01.234Z","#
                + #""env":{"B_C":"ü","gameMode":"a\"b"},"game_id":"lobby","id":"j-1","#
                + #""image":"registry.example/engine:1","kind":"start","labels":{"com.example.someTeam":"red"},"#
                + #""limits":{"cpu_quota":0.5,"memory":"512m","pids_limit":64},"max_attempts":3,"#
                + #""pull_policy":"if_missing","ready_timeout_seconds":0,"v":1}"#
        )
    }

    @Test("Labels keep their bytes in the message")
    func labels() throws {
        var request = JobRequest(kind: .start, id: "j", gameID: "g")
        request.env = ["labels": "", "A": #""labels":{}"#]
        request.labels = ["\u{e9}": "1", "e\u{301}": "2"]
        let message = try request.message()
        guard
            case .job(let job) = JobDecoder().decode(
                Array(message.replacing("\"id\"", with: "\"image\":\"i\",\"id\"").utf8)
            )
        else {
            Issue.record("\(message) is no job")
            return
        }
        #expect(job.labels == request.labels && job.labels?.count == 2 && job.env == request.env)
    }

    @Test("A remove has force, guard and time-out")
    func remove() throws {
        var request = JobRequest(kind: .remove, id: "j", gameID: "g")
        request.force = true
        request.stopTimeoutSeconds = 5
        request.containerID = "abc"
        #expect(
            try request.message()
                == #"{"container_id":"abc","force":true,"game_id":"g","id":"j","kind":"remove","#
                + #""stop_timeout_seconds":5,"v":1}"#
        )
    }

    @Test("A job that is too large for the workers is refused")
    func tooLarge() throws {
        var request = JobRequest(kind: .start, id: "j", gameID: "g")
        request.env = ["A": ""]
        let rest = try request.message().utf8.count
        request.env = ["A": String(repeating: "x", count: JobRequest.maximumMessageSize - rest)]
        #expect(try request.message().utf8.count == JobRequest.maximumMessageSize)
        request.env["A"]? += "x"
        #expect(throws: ClientError.self) { try request.message() }
    }
}
