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
            .lines(on: Surface(width: width)).joined(by: "\n").text
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
            text == "1970-01-01 00:00:01.500  result  lobby         already running  http://x:8080, "
                + "container aaaaaaaaaaaa, start j"
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
        #expect(text.hasSuffix("failed           timeout: late\\u001b[2J, stop j, 3 attempts, run 2"))
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

    @Test("A line of a terminal has the short id of a Docker Engine, and a line of a file the whole id")
    func nodes() {
        let id = Array(repeating: "OY67", count: 12).joined(separator: ":")
        let fields = ["event": "exited", "reason": "crashed", "container_id": "abc", "node": id]
        #expect(line(.events, fields, width: 200).hasSuffix("crashed, container abc, node OY67:OY67…"))
        #expect(line(.events, fields).hasSuffix("crashed, container abc, node \(id)"))
    }

    private static let failure = [
        "job_id": "4cca044b-0f1e-4d2c-9b3a-1234567890ab", "kind": "start", "outcome": "failed", "effect": "none",
        "error_code": "start_failed", "error": "the process of the container ended at once with exit code 3",
        "attempts": "5",
    ]

    @Test("On 80 columns the reason comes first and goes on below, and ids are short")
    func eighty() {
        #expect(
            line(.results, Self.failure, width: 80) == """
                01-01 00:00:01  result  lobby     failed    start_failed: the process of the
                                container ended at once with exit code 3, start 4cca044b, 5
                                attempts
                """
        )
    }

    @Test("On 60 columns nothing of the reason is lost")
    func sixty() {
        #expect(
            line(.results, Self.failure, width: 60) == """
                01-01 00:00:01  result  lobby     failed    start_failed:
                                the process of the container ended at once
                                with exit code 3, start 4cca044b, 5 attempts
                """
        )
    }

    @Test("Without a terminal the line is whole, with whole ids")
    func plain() {
        let text = line(.results, Self.failure)
        #expect(text.hasSuffix("with exit code 3, start 4cca044b-0f1e-4d2c-9b3a-1234567890ab, 5 attempts"))
    }

    @Test("Every line fits the terminal, and no character is lost", arguments: [50, 60, 80, 120])
    func fits(width: Int) {
        let fields = ["job_id": "j", "outcome": "failed", "error": String(repeating: "x", count: 500)]
        let text = line(.results, fields, width: width)
        #expect(text.count { $0 == "x" } == 500)
        for line in text.split(separator: "\n") { #expect(line.count <= width, "\(line)") }
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
            "job         j", "asks for    start of lobby", "running: attempt 2: creating and starting the container",
            "2 of 5", "1970-01-01T00:00:01.000Z", "for 7s", "timeout: late",
        ] { #expect(text.contains(part), "\(part) in\n\(text)") }
        #expect(page.json.text.contains(#""message":"{}""#))
    }

    @Test("On 60 columns a long reason goes on below, beside the names")
    func wraps() {
        var page = JobPage(id: "4cca044b-0f1e-4d2c-9b3a-1234567890ab")
        page.sight = JobDetail(
            id: page.id,
            fields: [
                "state": "retrying", "kind": "start", "game_id": "lobby", "_queue": "default",
                "_error_code": "image_pull_failed", "_error": "the registry at registry.example has not answered",
            ],
            now: 5_000
        )
        page.sight?.due = 17_000
        #expect(
            page.lines(on: Surface(width: 60)).joined(by: "\n").text == """
                job         4cca044b-0f1e-4d2c-9b3a-1234567890ab
                asks for    start of lobby
                state       retrying: failed (image_pull_failed: the
                            registry at registry.example has not answered);
                            retry in 12s
                queue       default
                last error  image_pull_failed: the registry at
                            registry.example has not answered
                """
        )
    }

    @Test("A job that no worker has admitted shows its position in the queue")
    func queued() {
        var page = JobPage(id: "j")
        page.queued = QueuedMessage(queue: "default", before: 17, message: Array("{}".utf8))
        page.queued?.state.workers = 1
        #expect(page.lines(on: .plain)[1] == "state    in queue default, 17 before it: no worker has taken it in")
        #expect(page.json.text.hasPrefix(#"{"job_id":"j","state":"queued","queue":"default","before":17"#))
        #expect(page.json.text.contains(#""stage":"in queue default, 17 before it""#))
    }

    @Test("A job in a queue says why, in the words of the list of jobs")
    func queuedReason() {
        func state(_ change: (inout QueuedMessage) -> Void) -> String {
            var queued = QueuedMessage(queue: "q", before: 1_234, message: [])
            queued.state.workers = 1
            change(&queued)
            let page = JobPage(id: "j", queued: queued)
            #expect(page.json.text.contains(#""stage":"\#(queued.phrase)""#))
            return page.facts[1].value.text
        }
        #expect(state { $0.state.isPaused = true } == "waits: queue paused (queue q, 1,234 before it)")
        #expect(
            state { $0.state.workers = 0 } == "waits: no worker serves this queue (queue q, 1,234 before it)"
        )
        #expect(state { $0.isWindowFull = true } == "waits: window full (queue q, 1,234 before it)")
    }
}
