import JobContract
import JobQueue
import Pages
import Primitives
import QueueAdmin
import Terminal
import Testing

@Suite("The list of workers")
struct WorkerTableTests {
    @Test("shows for how long a worker is up, or was up before its death")
    func upFor() {
        let begin = Timestamp(seconds: 1_700_000_000)
        var list = WorkerList(now: begin.millisecondsSinceEpoch + 669_000)
        for (name, until) in [("h-1-a", 193_000), ("h-2-b", 700_000)] as [(String, Int64)] {
            var worker = WorkerOverview(id: name, node: "n1", aliveUntil: begin.millisecondsSinceEpoch + until)
            worker.description.startedAt = begin
            list.workers.append(worker)
        }
        let rows = WorkerTable.table(list).rows.map { [$0[3].text, $0[6].text] }
        #expect(rows == [["dead 7m56s", "3m13s"], ["alive", "11m09s"]])
    }
}
