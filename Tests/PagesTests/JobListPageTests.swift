import JobContract
import JobQueue
import Testing

@testable import Pages
@testable import QueueAdmin
@testable import Terminal

@Suite("The list of jobs")
struct JobListPageTests {
    private static let ids = (1...4).map { JobID("\($0)cca044b-0f1e-4d2c-9b3a-1234567890ab") }

    private static func live(_ id: JobID, _ fields: [String: String], _ state: ListedState) -> ListedJob {
        let usual = ["kind": "start", "_queue": "default", "state": state.rawValue]
        var detail = JobDetail(id: id, fields: fields.merging(usual) { first, _ in first }, now: 100_000)
        if state == .retrying { detail.due = 112_000 }
        if state == .waiting { (detail.before, detail.head) = (1, ids[1]) }
        return ListedJob(detail, state)
    }

    /// A job of each state.
    private static let page: JobListPage = {
        let error = [
            "_error_code": "image_pull_failed", "_error": "the registry has not answered", "game_id": "arena-7",
            "_node": "host-1", "_taken_at": "1970-01-01T00:01:30Z",
        ]
        let running = ["game_id": "lobby", "_node": "host-1", "_taken_at": "1970-01-01T00:01:37Z"]
        let letter = DeadLetter(
            entry: "40000-0",
            jobID: ids[3],
            run: 1,
            queue: "default",
            errorCode: "start_failed",
            error: "exit code 3",
            message: [],
            size: 0,
            diedAt: "1970-01-01T00:00:40Z"
        )
        var list = JobList()
        list.now = 100_000
        list.jobs = [
            live(ids[0], error, .retrying), live(ids[1], running, .running),
            live(ids[2], ["game_id": "lobby", "_enqueued_at": "1970-01-01T00:01:39Z"], .waiting),
            ListedJob(letter, fields: ["kind": "start", "game_id": "a-game-with-a-long-name"]),
        ]
        list.more = [.dead]
        return JobListPage(list)
    }()

    private func text(_ width: Int?) -> String {
        Self.page.lines(on: Surface(width: width)).joined(by: "\n").text
    }

    @Test("on 80 columns each reason goes on below itself, and nothing is cut")
    func eighty() {
        #expect(
            text(80) == """
                STATE     JOB       KIND   GAME                     NODE      AGE  WHY
                retrying  1cca044b  start  arena-7                  host-1    10s
                    failed (image_pull_failed: the registry has not answered); retry in 12s
                running   2cca044b  start  lobby                    host-1     3s
                    begun on node host-1
                waiting   3cca044b  start  lobby                    -          1s
                    waits behind job 2cca044b
                dead      4cca044b  start  a-game-with-a-long-name  -       1m00s
                    start_failed: exit code 3
                there are more dead jobs: --before 'dead:40000-0'
                """
        )
    }

    @Test("on 60 columns the node gives way, and the reasons stand below")
    func sixty() {
        for line in text(60).split(separator: "\n") { #expect(line.count <= 60, "\(line)") }
        let reason = "    failed (image_pull_failed: the registry has not\n    answered); retry in 12s\n"
        #expect(text(60).contains("\n" + reason))
    }

    @Test("without a terminal each job is one line")
    func plain() { #expect(text(nil).split(separator: "\n").count == 6) }

    @Test("an object for machines has whole ids, and leaves out what is unknown")
    func json() {
        #expect(
            JobListPage.json(Self.page.list.jobs[3]).text
                == #"{"job_id":"4cca044b-0f1e-4d2c-9b3a-1234567890ab","state":"dead","kind":"start","#
                + #""game_id":"a-game-with-a-long-name","queue":"default","time":"1970-01-01T00:00:40.000Z","#
                + #""error_code":"start_failed","error":"exit code 3","why":"start_failed: exit code 3","#
                + #""dead_entry":"40000-0","position":"dead:40000-0"}"#
        )
    }
}
