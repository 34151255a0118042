import QueueAdmin
import JobContract
import JobQueue
import RuntimeClient
import Testing

@testable import Pages
@testable import Terminal

@Suite("Results and events as lines")
struct EntryLineTests {
    private func line(_ stream: PublicStream, _ fields: [String: String], width: Int? = nil) -> String {
        EntryLine(StreamEntry(stream: stream, id: "1500-0", fields: fields.merging(["game_id": "lobby"]) { $1 }))
            .text(on: Surface(width: width)).text
    }

    @Test("A success shows its effect")
    func success() {
        let text = line(
            .results,
            [
                "job_id": "j", "kind": "start", "outcome": "succeeded", "effect": "already_running",
                "container_id": String(repeating: "a", count: 64), "engine_endpoint": "http://x:8080", "attempts": "1",
            ]
        )
        #expect(
            text == "1970-01-01 00:00:01.500  result  lobby         already running  start j, container aaaaaaaaaaaa, "
                + "http://x:8080"
        )
    }

    @Test("A failure shows its reason")
    func failure() {
        let text = line(
            .results,
            [
                "job_id": "j", "kind": "stop", "outcome": "failed", "effect": "none", "error_code": "timeout",
                "error": "late\u{1B}[2J", "attempts": "3", "run": "2",
            ]
        )
        #expect(text.hasSuffix("failed           stop j, timeout: late\\u001b[2J, 3 attempts, run 2"))
    }

    @Test("An exit shows its reason and code")
    func exit() {
        let text = line(
            .events,
            [
                "event": "exited", "reason": "oom_killed", "exit_code": "137", "container_id": "abc", "node": "n1",
                "source": "reconcile",
            ]
        )
        #expect(text.contains("event   lobby"))
        #expect(text.hasSuffix("exited           oom killed, exit code 137, container abc, node n1, found by looking"))
    }

    @Test("A line fits the terminal", arguments: [50, 80, 120])
    func fits(width: Int) {
        let fields = ["job_id": "j", "outcome": "failed", "error": String(repeating: "x", count: 500)]
        #expect(line(.results, fields, width: width).count <= max(width, 65))
    }
}

@Suite("The page of a job")
struct JobPageTests {
    @Test("A running job shows its worker and its progress")
    func running() {
        var page = JobPage(id: "j")
        var sight = JobDetail(
            id: "j",
            fields: [
                "state": "running", "kind": "start", "game_id": "lobby", "_queue": "default", "_attempts": "2",
                "_most": "5", "_node": "n1", "_worker": "w1", "_taken_at": "1970-01-01T00:00:01.000Z",
                "_progress": "starting 0 0 0 0",
                "_error_code": "timeout", "_error": "late",
            ],
            now: 5_000
        )
        sight.leaseUntil = 12_000
        sight.message = Array("{}".utf8)
        page.sight = sight
        let text = page.lines(on: .plain).joined(by: "\n").text
        for part in [
            "job         j", "asks for    start of lobby", "running: creating and starting the container", "2 of 5",
            "1970-01-01T00:00:01.000Z", "for 7s", "timeout: late",
        ] { #expect(text.contains(part), "\(part) in\n\(text)") }
        #expect(page.json.text.contains(#""message":"{}""#))
    }

    @Test("A job that no worker has admitted shows its position in the queue")
    func queued() {
        var page = JobPage(id: "j")
        page.queued = QueuedMessage(queue: "default", before: 17, message: Array("{}".utf8))
        #expect(page.lines(on: .plain)[1] == "state    in queue default, 17 before it: no worker has taken it in")
        #expect(page.json.text.hasPrefix(#"{"job_id":"j","state":"queued","queue":"default","before":17"#))
    }
}
