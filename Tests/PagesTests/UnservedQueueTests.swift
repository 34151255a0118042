import JobContract
import JobQueue
import QueueAdmin
import Testing

@testable import Pages
@testable import Terminal

@Suite("Queues that no worker serves")
struct UnservedQueueTests {
    private static func queue(_ name: String, waiting: Int = 0, workers: Int = 0, oldest: Int64? = nil) -> QueueOverview
    {
        var queue = QueueOverview(name: name)
        (queue.waiting, queue.workers, queue.oldest) = (waiting, workers, oldest)
        return queue
    }

    private static func overview(_ queues: [QueueOverview]) -> FleetOverview {
        var overview = FleetOverview()
        overview.now = 1_000_000
        overview.queues = queues
        var node = NodeOverview(id: "n1", seen: 1_000_000)
        (node.workers, node.hasReported) = (1, true)
        (overview.nodes, overview.nodeCount) = ([node], 1)
        return overview
    }

    @Test("each says what waits, and which command moves it")
    func sentences() {
        func unserved(_ queues: QueueOverview...) -> [UnservedQueue] { Self.overview(queues).unservedQueues }
        let one = unserved(
            Self.queue("default", waiting: 7, workers: 1),
            Self.queue("defualt", waiting: 12, oldest: 698_000),
            Self.queue("empty")
        )
        #expect(one.map(\.sentence) == ["defualt (12 messages, the oldest pushed 5m02s ago)"])
        #expect(one.map(\.command) == ["rtmanager queue move defualt default"])
        let many = unserved(
            Self.queue("a", workers: 1),
            Self.queue("b", workers: 1),
            Self.queue("it's", waiting: 1)
        )
        #expect(many.map(\.sentence) == ["it's (1 message)"])
        #expect(many.map(\.command) == [#"rtmanager queue move 'it'\''s' TO"#])
        #expect(unserved(Self.queue("a", waiting: 1)).map(\.command) == [nil], "no worker serves any queue")
        var left = Self.queue("old")
        (left.readyStarts, left.readyStops) = (1, 1)
        let jobs = unserved(Self.queue("a", workers: 1), left)
        #expect(jobs.map(\.sentence) == ["old (2 games with a job)"] && jobs.map(\.command) == [nil])
    }

    private static let status = StatusPage(
        title: "rtm",
        overview: overview([
            queue("default", workers: 1), queue("matchmaking-europe", waiting: 12, oldest: 1_000),
        ])
    )

    private func remarks(_ width: Int) -> String {
        let lines = Self.status.lines(on: Surface(width: width)).map(\.text)
        let begin = lines.firstIndex { $0.hasPrefix("no worker") } ?? 0
        return lines[begin..<(lines.firstIndex(of: "") ?? begin)].joined(separator: "\n")
    }

    @Test("the status has the whole command, on 80 and on 60 columns")
    func status() {
        #expect(
            remarks(80) == """
                no worker serves this queue: matchmaking-europe (12 messages, the oldest pushed
                    16m39s ago)
                  rtmanager queue move matchmaking-europe default
                """
        )
        #expect(
            remarks(60) == """
                no worker serves this queue: matchmaking-europe (12
                    messages, the oldest pushed 16m39s ago)
                  rtmanager queue move matchmaking-europe default
                """
        )
    }

    @Test("the list of queues marks them")
    func list() {
        #expect(
            Self.status.queueLines(on: .plain).joined(by: "\n").text == """
                no worker serves this queue: matchmaking-europe (12 messages, the oldest pushed 16m39s ago)
                  rtmanager queue move matchmaking-europe default
                QUEUE               WAITING  STARTS  STOPS  OLDEST  STATE
                default                   0       0      0       -  open
                matchmaking-europe       12       0      0  16m39s  no worker
                """
        )
    }

    @Test("of many, a few have a line")
    func many() {
        let queues = (1...6).map { Self.queue("q\($0)", waiting: 1) } + [Self.queue("default", workers: 1)]
        let remarks = StatusPage(title: "", overview: Self.overview(queues)).remarks
        #expect(remarks.count == 7 && remarks[6] == "no worker serves 3 more queues: rtmanager queue list")
    }
}
