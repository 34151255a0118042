import QueueAdmin
import JobContract
import JobQueue
import Synchronization
import Testing

@testable import Commands
@testable import Pages
@testable import Terminal

@Suite("The output of a command that waits for a job")
struct WaitingTests {
    private func sight(_ fields: [String: String], _ change: (inout JobDetail) -> Void = { _ in }) -> JobDetail {
        var sight = JobDetail(id: "j", fields: fields.merging(["game_id": "g"]) { $1 }, now: 10_000)
        change(&sight)
        return sight
    }

    @Test("The stage of a job follows from its record in Redis")
    func stages() {
        let behind = sight(["state": "waiting"]) { ($0.before, $0.head) = (2, "j0") }
        #expect(WaitStage(behind) == .behind(2, head: "j0"))
        let anywhere = sight(["state": "waiting"]) { ($0.before, $0.list) = (0, "ready:start:default") }
        #expect(WaitStage(anywhere) == .ready(node: nil))
        let bound = sight(["state": "waiting"]) { ($0.before, $0.list) = (0, "ready:stop:default:A:B") }
        #expect(WaitStage(bound) == .ready(node: "A:B"))
        #expect(WaitStage(sight(["state": "running", "_node": "n"])) == .running(node: "n", nil))
        let pulling = sight(["state": "running", "_node": "n", "_progress": "pulling 1 4 5 10"])
        #expect(WaitStage(pulling).phrase == "pulling 1/4 layers, 5 B of 10 B")
        let again = sight(["state": "running", "_node": "n", "_attempts": "2"])
        #expect(WaitStage(again).phrase == "attempt 2, on node n")
        let pullingAgain = sight(["state": "running", "_node": "n", "_attempts": "2", "_progress": "pulling 1 4 5 10"])
        #expect(WaitStage(pullingAgain).phrase == "attempt 2: pulling 1/4 layers, 5 B of 10 B")
        let retrying = sight(["state": "retrying", "_error_code": "timeout", "_error": "late"]) { $0.due = 12_500 }
        #expect(WaitStage(retrying).phrase == "failed (timeout: late); retry in 2s")
        #expect(WaitStage(behind).phrase == "waits behind job j0, with 2 jobs of its game before it")
        #expect(WaitStage(sight(["state": "done"])) == .ended)
    }

    @Test("A job that could begin says what its node or its queue lacks")
    func reasons() {
        func phrase(_ list: String = "ready:start:default:n2", _ change: (inout JobDetail) -> Void) -> String {
            WaitStage(
                sight(["state": "waiting"]) { sight in
                    (sight.before, sight.list, sight.now) = (0, list, 100_000)
                    var node = NodeOverview(id: "n2", seen: 99_000)
                    (node.workers, node.hasReported) = (1, true)
                    sight.owner = node
                    change(&sight)
                }
            ).phrase
        }
        #expect(phrase { _ in } == "waits for a free permit on node n2, where its game is")
        let silent = phrase { sight in
            sight.owner?.workers = 0
            sight.owner?.seen = 75_000
        }
        #expect(silent == "waits: node silent for 25s (n2, where its game is)")
        #expect(phrase { $0.owner?.isDraining = true } == "waits: node drained (n2, where its game is)")
        let stop = phrase("ready:stop:default:n2") { $0.owner?.isDraining = true }
        #expect(stop == "waits for a free permit on node n2, where its game is")
        #expect(phrase { $0.owner?.lostAt = 90_000 } == "waits: node returning (n2, where its game is)")
        let paused = phrase("ready:start:default") { sight in
            sight.owner = nil
            sight.isQueuePaused = true
        }
        #expect(paused == "waits: queue paused")
        let unserved = phrase("ready:start:default") { sight in
            sight.owner = nil
            sight.isQueueServed = false
        }
        #expect(unserved == "waits: no worker serves this queue")
    }

    @Test("A start without capacity says what is used of what")
    func capacity() {
        func phrase(_ nodes: [(games: Int, slots: Int, used: Int64, memory: Int64)], isOwned: Bool = false) -> String {
            WaitStage(
                sight(["state": "waiting"]) { sight in
                    (sight.before, sight.now) = (0, 100_000)
                    sight.list = isOwned ? "ready:start:default:n0" : "ready:start:default"
                    sight.demand = Demand(cpu: 1_000, memory: 1 << 30)
                    sight.nodes = nodes.enumerated().map { index, given in
                        var node = NodeOverview(id: NodeID("n\(index)"), seen: 99_000)
                        (node.workers, node.hasReported, node.games) = (1, true, given.games)
                        node.capacity = NodeCapacity(slots: given.slots, memory: given.memory << 30)
                        node.used.memory = given.used << 30
                        return node
                    }
                    if isOwned { sight.owner = sight.nodes.first }
                }
            ).phrase
        }
        let free = "waits for a worker with a free permit"
        #expect(phrase([(8, 8, 0, 0)]) == "waits: no capacity: 8 of 8 slots")
        #expect(phrase([(8, 8, 0, 0), (4, 4, 0, 0)]) == "waits: no capacity: 12 of 12 slots")
        #expect(phrase([(8, 8, 0, 0), (3, 4, 0, 0)]) == free)
        #expect(phrase([(8, 8, 0, 0), (1, 0, 8, 8)]) == "waits: no capacity: 8 of 8 slots")
        let words = "no capacity: 8g of 8g of memory, and the game needs 1g"
        #expect(phrase([(1, 0, 8, 8)]) == "waits: \(words)")
        #expect(phrase([(1, 0, 7, 8)]) == free)
        #expect(phrase([(1, 0, 8, 8)], isOwned: true) == "waits: \(words) (n0, where its game is)")
    }

    @Test(
        "The bar shows how much is pulled",
        arguments: [
            (0, 4, 0, 0, "[>       ]"), (2, 4, 0, 0, "[====>   ]"), (3, 4, 50, 100, "[=======>]"),
            (4, 4, 100, 100, "[========]"), (9, 4, 5, 1, "[========]"),
        ] as [(Int, Int, Int64, Int64, String)]
    )
    func bar(done: Int, layers: Int, bytes: Int64, total: Int64, bar: String) {
        let progress = JobProgress(.pulling, layersDone: done, layers: layers, bytesDone: bytes, bytesTotal: total)
        #expect(ProgressText.bar(progress, width: 10) == bar)
    }

    @Test("There is no bar without a known total")
    func noBar() {
        #expect(ProgressText.bar(JobProgress(.pulling), width: 10) == nil)
        #expect(ProgressText.bar(JobProgress(.starting), width: 10) == nil)
    }

    @Test("If stderr is no terminal, each change is one line")
    func lines() {
        let written = Mutex("")
        let display = WaitDisplay(game: "g", surface: .plain) { text in written.withLock { $0 += text.text } }
        display.show(.queued(waiting: 5))
        display.show(.queued(waiting: 4))
        let pull = { JobProgress(.pulling, layersDone: 1, layers: 4, bytesDone: $0, bytesTotal: 100) }
        display.show(.running(node: "n", pull(1)))
        display.show(.running(node: "n", pull(99)))
        display.show(.running(node: "n", JobProgress(.starting)))
        display.show(.ended)
        display.clear()
        #expect(
            written.withLock { $0 } == """
                g: in its queue, with 4 others
                g: pulling 1/4 layers, 1 B of 100 B
                g: creating and starting the container

                """
        )
    }

    @Test("If a worker dies, and its job begins again, the new attempt is one more line")
    func attempts() {
        let written = Mutex("")
        let display = WaitDisplay(game: "g", surface: .plain) { text in written.withLock { $0 += text.text } }
        for attempt in 1...2 {
            display.show(.running(node: "n", nil, attempt: attempt))
            display.show(.running(node: "n", JobProgress(.starting), attempt: attempt))
        }
        #expect(
            written.withLock { $0 } == """
                g: begun on node n
                g: creating and starting the container
                g: attempt 2, on node n
                g: attempt 2: creating and starting the container

                """
        )
    }

    @Test("On a terminal one line changes, and disappears at the end")
    func terminal() {
        let written = Mutex("")
        let surface = Surface(width: 40, height: 24)
        let display = WaitDisplay(game: "g", surface: surface) { text in written.withLock { $0 += text.text } }
        let progress = JobProgress(.pulling, layersDone: 2, layers: 4)
        display.show(.running(node: "n", progress))
        display.clear()
        display.clear()
        let text = written.withLock { $0 }
        #expect(
            text == "\r\u{1B}[Kg: [===========>          ] pulling 2/\u{2026}\r\u{1B}[K",
            "\(text.debugDescription)"
        )
        #expect(!text.contains("\n"))
    }
}
