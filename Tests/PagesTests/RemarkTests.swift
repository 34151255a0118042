import JobContract
import JobQueue
import QueueAdmin
import Testing

@testable import Pages
@testable import Terminal

@Suite("Remarks about problems")
struct RemarkTests {
    private func remarks(_ change: (inout FleetOverview) -> Void, mayLackContainers: Bool = false) -> [String] {
        var overview = FleetOverview()
        var node = NodeOverview(id: "n", seen: 0)
        node.workers = 1
        overview.nodes = [node]
        change(&overview)
        return StatusPage(title: "", overview: overview, mayLackContainers: mayLackContainers).remarks
    }

    @Test("a fleet without problems has none")
    func none() { #expect(remarks { _ in } == []) }

    @Test("a list of nodes has the number in each state above it, and the form of the data")
    func heading() {
        var overview = FleetOverview()
        (overview.nodeCount, overview.lostCount) = (3, 1)
        #expect(StatusPage(title: "", overview: overview).nodeHeading == "nodes: 2 up, 1 lost")
        overview.form = "10"
        #expect(StatusPage(title: "", overview: overview).nodeHeading == "nodes: 2 up, 1 lost; data form 10")
    }

    @Test("the sums count one lane or many")
    func lanes() {
        var overview = FleetOverview()
        for (count, text) in [(0, "in 0 lanes,"), (1, "in 1 lane,"), (1_234, "in 1,234 lanes,")] {
            overview.laneCount = count
            #expect(StatusPage(title: "", overview: overview).sentence.contains(text))
        }
    }

    @Test("each problem has its sentence, with one thing or many")
    func sentences() {
        #expect(remarks { $0.nodes = [] } == ["no worker lives: nothing is taken"])
        #expect(
            remarks { $0.deadTrimmed = 1 } == ["1 dead letter was forgotten to stay within RTM_DEAD_BYTES"]
        )
        #expect(
            remarks { $0.deadTrimmed = 1_234 } == ["1,234 dead letters were forgotten to stay within RTM_DEAD_BYTES"]
        )
        #expect(
            remarks { ($0.nodeCount, $0.lostCount, $0.silentCount, $0.drainingCount) = (1_100, 50, 2, 1) }
                == ["nodes: 1,047 up, 1 draining, 2 silent, 50 lost"]
        )
        #expect(remarks { ($0.nodeCount, $0.silentCount) = (1, 1) } == ["nodes: 1 silent"])
        #expect(remarks { $0.deadLost = 1 } == ["1 dead letter could not be kept"])
        #expect(remarks { $0.deadLost = 2 } == ["2 dead letters could not be kept"])
        #expect(remarks { $0.ghosts = 1 } == ["1 job has no data any more: see rtmanager doctor"])
        #expect(remarks { $0.ghosts = 3 } == ["3 jobs have no data any more: see rtmanager doctor"])
        #expect(remarks { $0.clockSteps = 1 } == ["Redis' clock was set back 1 time"])
        #expect(remarks { $0.clockSteps = 2 } == ["Redis' clock was set back 2 times"])
        let full = remarks { $0.isWindowFull = true }
        #expect(full == ["window full: new starts wait in their queues until other jobs end"])
        #expect(
            remarks { $0.nodes[0].capacityDiffers = true }
                == ["the workers of node n have different capacities, and the smallest values hold"]
        )
        let unserved = remarks { overview in
            for name in ["a", "b", "c"] { overview.queues.append(QueueOverview(name: name)) }
            overview.queues[0].waiting = 1
            overview.queues[1].readyStops = 1
            overview.queues[1].workers = 1
        }
        #expect(unserved == ["no worker serves this queue: a (1 message)", "  rtmanager queue move a b"])
        let drained = remarks { overview in
            overview.nodes[0].isDraining = true
            overview.queues = [QueueOverview(name: "q")]
            (overview.queues[0].workers, overview.queues[0].readyStarts) = (1, 1)
        }
        #expect(drained == ["node drained, as are all: rtmanager node resume NODE; starts wait"])
        #expect(remarks { $0.mayLackQueues = true } == ["queues that no worker serves may be missing here"])
        #expect(remarks({ _ in }, mayLackContainers: true) == ["there are more containers than this page has read"])
    }

    @Test(
        "a queued job says how many others wait with it",
        arguments: [(1, "in its queue"), (2, "in its queue, with 1 other"), (1_235, "in its queue, with 1,234 others")]
    )
    func queued(waiting: Int, phrase: String) {
        #expect(WaitStage.queued(waiting: waiting).phrase == phrase)
        #expect(WaitStage.queued(waiting: waiting, .queuePaused).phrase == "waits: queue paused")
    }

    @Test("a queued job says what its queue lacks")
    func queuedReasons() {
        func phrase(_ change: (inout QueueOverview) -> Void, isWindowFull: Bool = false) -> String? {
            var queue = QueueOverview(name: "q")
            queue.workers = 1
            change(&queue)
            return WaitReason.ofQueuedJob(queue, isWindowFull: isWindowFull)?.phrase
        }
        #expect(phrase { _ in } == nil)
        #expect(phrase({ _ in }, isWindowFull: true) == "window full")
        #expect(phrase { $0.workers = 0 } == "no worker serves this queue")
        #expect(phrase({ $0.isPaused = true }, isWindowFull: true) == "queue paused")
    }
}

@Suite("Why a job waits")
struct WaitWordTests {
    @Test("each phrase begins with the word that metrics have as a label")
    func words() {
        let reasons: [WaitReason] = [
            .nodeSilent(25_000), .nodeDrained, .allNodesDrained, .nodeReturning, .queuePaused, .windowFull, .unserved,
            .noCapacity("8 of 8 slots"), .behind("j1"), .retry(12_000),
        ]
        #expect(Set(reasons.map(\.word)) == Set(WaitWord.allCases))
        for reason in reasons { #expect(reason.phrase.hasPrefix(reason.word.rawValue)) }
        #expect(WaitReason.behind("j1").phrase == "waits behind job j1")
        #expect(WaitReason.noCapacity("8 of 8 slots").phrase == "no capacity: 8 of 8 slots")
        #expect(WaitReason.retry(12_000).phrase == "retry in 12s")
    }
}

@Suite("A start that any node may run")
struct UnownedStartTests {
    private static func node(_ id: NodeID, isDraining: Bool, isLiving: Bool = true) -> NodeOverview {
        var node = NodeOverview(id: id, seen: 0)
        (node.workers, node.hasReported, node.isDraining) = (isLiving ? 1 : 0, true, isDraining)
        return node
    }

    private static func reason(_ nodes: [NodeOverview], lacksNodes: Bool = false) -> String {
        var detail = JobDetail(id: "j", fields: ["state": "waiting", "kind": "start"], now: 0)
        (detail.before, detail.list, detail.nodes) = (0, "ready:start:default", nodes)
        detail.demand = Demand(cpu: 0, memory: 0)
        detail.lacksNodes = lacksNodes
        return WaitStage(detail).phrase
    }

    @Test("says that all nodes are drained, if every living one is")
    func allDrained() {
        let drained = "waits: node drained, as are all: rtmanager node resume NODE"
        #expect(Self.reason([Self.node("a", isDraining: true), Self.node("b", isDraining: true)]) == drained)
        #expect(
            Self.reason([Self.node("a", isDraining: true), Self.node("b", isDraining: false, isLiving: false)])
                == drained
        )
    }

    @Test("waits for a permit while one node is not drained, or while nobody has read all nodes")
    func oneOpen() {
        let permit = "waits for a worker with a free permit"
        #expect(Self.reason([Self.node("a", isDraining: true), Self.node("b", isDraining: false)]) == permit)
        #expect(Self.reason([Self.node("a", isDraining: true)], lacksNodes: true) == permit)
        #expect(Self.reason([]) == permit)
    }
}

@Suite("A fleet without a node for its starts")
struct DrainedFleetTests {
    private static func overview(ready: Int = 1) -> FleetOverview {
        var overview = FleetOverview()
        var node = NodeOverview(id: "n", seen: 0)
        (node.workers, node.isDraining) = (1, true)
        overview.nodes = [node]
        var queue = QueueOverview(name: "q")
        queue.readyStarts = ready
        overview.queues = [queue]
        return overview
    }

    @Test("is drained in all of its living nodes while starts wait")
    func drained() {
        #expect(Self.overview().startsLackNode)
        #expect(!Self.overview(ready: 0).startsLackNode)
        var open = Self.overview()
        open.nodes[0].isDraining = false
        #expect(!open.startsLackNode)
        var dead = Self.overview()
        dead.nodes[0].workers = 0
        #expect(!dead.startsLackNode)
    }

    @Test("of which only a part was read is drained if the number of drained nodes says so")
    func part() {
        var large = Self.overview()
        (large.nodeCount, large.drainingCount) = (3, 2)
        #expect(!large.startsLackNode)
        large.drainingCount = 3
        #expect(large.startsLackNode)
    }
}
