import JobContract
import JobQueue
import Testing

@testable import Pages
@testable import QueueAdmin
@testable import Terminal

@Suite("The screen of rtmanager top")
struct TopTests {
    private static func letter(_ number: Int) -> ListedJob {
        let letter = DeadLetter(
            entry: "\(number)-0",
            jobID: JobID("job-\(number)"),
            run: 1,
            queue: number == 2 ? "low" : "default",
            errorCode: "start_failed",
            error: "exit code \(number)",
            message: [],
            size: 0,
            diedAt: ""
        )
        return ListedJob(letter, fields: ["kind": "start", "game_id": "game-\(number)"])
    }

    private static func data(_ numbers: [Int], isPaused: Bool = false) -> TopData {
        var overview = FleetOverview()
        overview.now = 100_000
        overview.deadCount = numbers.count
        var queue = QueueOverview(name: "default")
        (queue.isPaused, queue.workers) = (isPaused, 1)
        overview.queues = [queue]
        var node = NodeOverview(id: "n1", seen: 99_000)
        (node.workers, node.hasReported) = (1, true)
        overview.nodes = [node]
        overview.nodeCount = 1
        var list = JobList()
        list.now = 100_000
        list.jobs = numbers.map(letter)
        return TopData(status: StatusPage(title: "rtm on r", overview: overview), jobs: list)
    }

    private static func state(_ numbers: [Int] = [1, 2, 3], width: Int = 80, height: Int = 12) -> TopState {
        var state = TopState(width: width, height: height)
        state.update(data(numbers))
        return state
    }

    private func press(_ state: inout TopState, _ keys: String) -> [TopAction] {
        keys.compactMap { state.press($0 == "\n" ? .enter : $0 == "\t" ? .tab : .character($0)) }
    }

    private func text(_ state: TopState) -> String { state.screen(Painter()).joined(by: "\n").text }

    @Test("on 80 columns the screen has sums, lists, rows and keys")
    func eighty() {
        #expect(
            text(Self.state()) == """
                rtm on r   1970-01-01 00:01:40 UTC
                jobs: 0 in queues, 0 admitted in 0 lanes, 0 running, 0 retrying, 3 dead
                games: 0 owned, 0 running
                [1 jobs 3]  2 games 0   3 queues 1   4 nodes 1\(" ")
                  STATE  JOB    KIND   GAME    NODE    AGE  WHY
                > dead   job-1  start  game-1  -     1m39s  start_failed: exit code 1
                  dead   job-2  start  game-2  -     1m39s  start_failed: exit code 2
                  dead   job-3  start  game-3  -     1m39s  start_failed: exit code 3



                / filter  Enter show  r retry  d drop  p pause  Tab next  q end
                """
        )
    }

    @Test(
        "the screen has the terminal's size, whatever that is",
        arguments: [(80, 24), (60, 12), (20, 5), (1, 1), (200, 3)]
    )
    func sizes(width: Int, height: Int) {
        for keys in ["", "/x", "d", "2", "3", "4", "q"] {
            var state = Self.state(Array(1...50), width: width, height: height)
            _ = press(&state, keys)
            let lines = state.screen(Painter())
            #expect(lines.count == height)
            if width >= 60 { for line in lines { #expect(line.count <= width, "\(line)") } }
        }
    }

    @Test("the chosen row stays the same thing in new data; if it goes, its successor is chosen")
    func stays() {
        var state = Self.state()
        _ = press(&state, "j")
        state.update(Self.data([9, 1, 2, 3]))
        #expect(state.selected == .dead(entry: "2-0", "job-2") && state.place == 2)
        state.update(Self.data([9, 1, 3]))
        #expect(state.selected == .dead(entry: "3-0", "job-3") && state.place == 2)
        state.update(Self.data([]))
        #expect(state.selected == nil && state.place == 0 && text(state).contains("\n  none\n"))
    }

    @Test("a filter keeps rows with its text in any cell, the whole id or the queue")
    func filter() {
        var state = Self.state()
        #expect(press(&state, "/LOW") == [] && text(state).hasSuffix("\n/LOW_"))
        #expect(state.rows.map(\.item) == [.dead(entry: "2-0", "job-2")] && state.selected == state.rows[0].item)
        _ = press(&state, "\n")
        #expect(state.mode == .list && text(state).contains("filter: LOW"))
        _ = state.press(.escape)
        #expect(state.rows.count == 3)
        _ = press(&state, "/q")
        #expect(state.filter == "q" && state.rows.isEmpty && text(state).contains("none matches q"))
        _ = state.press(.backspace)
        #expect(state.rows.count == 3)
    }

    @Test("an action is asked for, and only y does it")
    func actions() {
        var state = Self.state()
        #expect(press(&state, "r") == [] && text(state).hasSuffix("\nrun job job-1 again? y/n"))
        #expect(press(&state, "y") == [.retry(entry: "1-0", "job-1")] && state.mode == .list)
        #expect(press(&state, "d") == [] && press(&state, "n") == [] && text(state).hasSuffix("\nnothing was done"))
        #expect(press(&state, "dy") == [.drop(entry: "1-0", "job-1")])
        #expect(press(&state, "py") == [])
        #expect(press(&state, "3py") == [.change(.pause(queue: "default"))])
        state.update(Self.data([1], isPaused: true))
        #expect(press(&state, "py") == [.change(.resume(queue: "default"))])
        #expect(press(&state, "4py") == [.change(.drain(node: "n1"))])
        state.report("n1 begins no more starts")
        #expect(text(state).hasSuffix("\nn1 begins no more starts"))
    }

    @Test("Enter shows a job, or the jobs of a queue")
    func enter() {
        var state = Self.state()
        #expect(press(&state, "\n") == [.show(.dead(entry: "1-0", "job-1"))])
        let facts = JobDetail(id: "job-1", fields: ["state": "dead", "kind": "start"], now: 1)
        state.show(.job(JobPage(id: "job-1", sight: facts)))
        #expect(text(state).hasPrefix("job       job-1\n") && text(state).hasSuffix("\nEsc back  Up Down scroll"))
        _ = state.press(.down)
        _ = state.press(.escape)
        #expect(state.mode == .list)
        _ = press(&state, "3\n")
        #expect(state.tab == .jobs && state.filter == "default" && state.rows.count == 2)
    }

    @Test("q and Ctrl-C end it; lists turn round")
    func keys() {
        var state = Self.state()
        for tab in [TopTab.games, .queues, .nodes, .jobs] {
            _ = press(&state, "\t")
            #expect(state.tab == tab)
        }
        _ = state.press(.left)
        #expect(state.tab == .nodes)
        #expect(press(&state, "q") == [.quit])
        _ = press(&state, "/")
        #expect(state.press(.interrupt) == .quit)
    }

    @Test("without Redis the last data stays, with the reason; before the first data there is nothing to act on")
    func away() {
        var state = TopState(width: 80, height: 12)
        state.fail("no answer")
        #expect(text(state).hasPrefix("no answer\n") && press(&state, "rdp\n") == [])
        state = Self.state()
        state.fail("no answer")
        #expect(text(state).contains("\nRedis was not read: no answer\n") && text(state).contains("job-1"))
        state.update(Self.data([1]))
        #expect(!text(state).contains("not read"))
    }

    @Test("a long list scrolls with the chosen row")
    func scrolls() {
        var state = Self.state(Array(1...50))
        _ = state.press(.end)
        #expect(text(state).contains("\n> dead   job-50") && !text(state).contains("job-1 "))
        _ = state.press(.pageUp)
        #expect(state.place == 49 - state.pageSize)
        _ = state.press(.home)
        _ = state.press(.up)
        #expect(state.place == 0)
    }
}
