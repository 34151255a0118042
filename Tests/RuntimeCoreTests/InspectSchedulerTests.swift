import DockerPort
import JobContract
import Primitives
import Testing

@testable import RuntimeCore

@Suite("The schedule of inspections")
struct InspectSchedulerTests {
    private let now = MonotonicInstant(nanoseconds: 0)

    private func at(_ milliseconds: Int) -> MonotonicInstant { now.advanced(by: .milliseconds(milliseconds)) }

    private func event(_ action: String, _ id: ContainerID, _ game: GameID, number: Int64 = 0) -> DockerEvent {
        DockerEvent(
            action: action,
            containerID: id,
            labels: [GalaxyLabel.gameID: game.text],
            occurredAt: Timestamp(nanosecondsSinceEpoch: number)
        )
    }

    private func ids(_ requests: [InspectRequest]) -> [ContainerID] { requests.map(\.containerID) }

    private func actions(_ requests: [InspectRequest]) -> [[String]] { requests.map { $0.hints.map(\.action) } }

    @Test("starts four inspections in two milliseconds without an event, and runs at most four at once")
    func pace() {
        var scheduler = InspectScheduler(now: now)
        for number in 0..<9 { scheduler.add(reconcile: ContainerID("c\(number)")) }
        let first = scheduler.start(at: now)
        #expect(ids(first) == ["c0", "c1", "c2", "c3"])
        // All four run: the end of one is the next occasion.
        #expect(scheduler.start(at: at(1)).isEmpty)
        #expect(scheduler.pause(at: at(1)) == nil)
        scheduler.finish(first[0])
        #expect(scheduler.start(at: at(1)).isEmpty)
        #expect(scheduler.pause(at: at(1)) == .milliseconds(1))
        #expect(ids(scheduler.start(at: at(2))) == ["c4"])
        scheduler.finish(first[1])
        #expect(scheduler.start(at: at(3)).isEmpty)
        scheduler.add(reconcile: "c5")
        #expect(ids(scheduler.start(at: at(4))) == ["c5"])
    }

    @Test("starts inspections for events before those of the reconciler, up to 64 in total")
    func events() {
        var scheduler = InspectScheduler(now: now)
        for number in 0..<8 { scheduler.add(reconcile: ContainerID("c\(number)")) }
        let reconcile = scheduler.start(at: now)
        for number in 0..<70 {
            #expect(scheduler.add(event("die", ContainerID("e\(number)"), GameID("g\(number)"))) == true)
        }
        let started = scheduler.start(at: at(1))
        #expect(ids(started) == (0..<60).map { ContainerID("e\($0)") })
        scheduler.finish(reconcile[0])
        scheduler.finish(started[0])
        #expect(ids(scheduler.start(at: at(1_000))) == ["e60", "e61"])
        #expect(scheduler.pause(at: at(1_000)) == nil)
    }

    @Test("inspects containers of one game one after the other, others at once")
    func games() {
        var scheduler = InspectScheduler(now: now)
        for (id, game): (ContainerID, GameID) in [("old", "g"), ("new", "g"), ("x", "h")] {
            #expect(scheduler.add(event("die", id, game)) == true)
        }
        let started = scheduler.start(at: now)
        #expect(ids(started) == ["old", "x"])
        scheduler.finish(started[1])
        #expect(scheduler.start(at: now).isEmpty)
        scheduler.finish(started[0])
        #expect(ids(scheduler.start(at: now)) == ["new"])
    }

    @Test("a game with a slow inspection and many waiting containers delays no other game")
    func slowGame() {
        var scheduler = InspectScheduler(now: now)
        for number in 0..<1_000 { #expect(scheduler.add(event("die", ContainerID("slow\(number)"), "slow")) == true) }
        #expect(scheduler.start(at: now).count == 1)
        #expect(scheduler.add(event("die", "quick", "quick")) == true)
        #expect(ids(scheduler.start(at: now)) == ["quick"])
    }

    @Test("merges the events of a container into one request, but one for each run")
    func runs() {
        var scheduler = InspectScheduler(now: now)
        _ = scheduler.add(event("start", "c", "g"))
        let first = scheduler.start(at: now)
        for action in ["oom", "die", "start", "oom"] { _ = scheduler.add(event(action, "c", "g")) }
        scheduler.finish(first[0])
        let second = scheduler.start(at: now)
        #expect(actions(second) == [["oom", "die"]])
        scheduler.finish(second[0])
        #expect(actions(scheduler.start(at: now)) == [["start", "oom"]])
    }

    @Test("inspects a container once more if the reconciler asks during an inspection, and once if it asks twice")
    func reconcile() {
        var scheduler = InspectScheduler(now: now)
        _ = scheduler.add(event("start", "c", "g"))
        let first = scheduler.start(at: now)
        for _ in 0..<2 { scheduler.add(reconcile: "c") }
        #expect(scheduler.start(at: now).isEmpty)
        scheduler.finish(first[0])
        let second = scheduler.start(at: at(2))
        #expect(second == [InspectRequest(containerID: "c")])
        scheduler.finish(second[0])
        #expect(scheduler.start(at: at(4)).isEmpty)
        #expect(scheduler.pause(at: at(4)) == nil)
    }

    @Test("a container in the reconciler's requests that gets an event is known by its game")
    func gameOfReconcile() {
        for isRunning in [false, true] {
            var scheduler = InspectScheduler(now: now)
            scheduler.add(reconcile: "old")
            let running = isRunning ? scheduler.start(at: now) : []
            _ = scheduler.add(event("die", "old", "g"))
            for request in running { scheduler.finish(request) }
            _ = scheduler.add(event("start", "new", "g"))
            let started = scheduler.start(at: at(10))
            #expect(ids(started) == ["old"] && actions(started) == [["die"]])
            scheduler.finish(started[0])
            #expect(ids(scheduler.start(at: at(20))) == ["new"])
        }
    }

    @Test("an event of a game passes the reconciler's requests for the game")
    func eventFirst() {
        var scheduler = InspectScheduler(now: now)
        _ = scheduler.add(event("start", "old", "g"))
        let first = scheduler.start(at: now)
        scheduler.add(reconcile: "old")
        _ = scheduler.add(event("start", "new", "g"))
        scheduler.finish(first[0])
        #expect(ids(scheduler.start(at: now)) == ["new"])
    }

    @Test("keeps the events of a failed inspection, repeats it after a pause, and lets the game go on")
    func failures() {
        var scheduler = InspectScheduler(now: now)
        _ = scheduler.add(event("start", "c", "g"))
        let first = scheduler.start(at: now)
        _ = scheduler.add(event("die", "c", "g"))
        _ = scheduler.add(event("die", "d", "g"))
        scheduler.fail(first[0], retryAt: at(1_000))
        #expect(ids(scheduler.start(at: now)) == ["d"])
        #expect(scheduler.pause(at: now) == .seconds(1))
        scheduler.add(reconcile: "c")
        #expect(scheduler.start(at: at(999)).isEmpty)
        // The inspection of another container of the game is still running.
        #expect(scheduler.start(at: at(1_000)).isEmpty)
        #expect(scheduler.pause(at: at(1_000)) == nil)
        scheduler.finish(InspectRequest(containerID: "d"))
        #expect(actions(scheduler.start(at: at(1_000))) == [["start", "die"]])
    }

    @Test("repeats a failed inspection at once after an event")
    func failureWithEvent() {
        var scheduler = InspectScheduler(now: now)
        _ = scheduler.add(event("oom", "c", "g"))
        scheduler.fail(scheduler.start(at: now)[0], retryAt: at(30_000))
        _ = scheduler.add(event("die", "c", "g"))
        #expect(actions(scheduler.start(at: now)) == [["oom", "die"]])
        #expect(scheduler.pause(at: now) == nil)
    }

    @Test("refuses events above the limit, counts running and failed ones, and has space again later")
    func full() {
        var scheduler = InspectScheduler(mostEvents: 3, now: now)
        for id in ["a", "b", "b"] { #expect(scheduler.add(event("oom", ContainerID(id), GameID(id))) == true) }
        #expect(scheduler.add(event("oom", "c", "c")) == false)
        let started = scheduler.start(at: now)
        #expect(scheduler.add(event("oom", "c", "c")) == false)
        scheduler.fail(started[0], retryAt: at(1))
        #expect(scheduler.add(event("oom", "c", "c")) == false)
        scheduler.finish(started[1])
        #expect(scheduler.add(event("oom", "c", "c")) == true)
        #expect(scheduler.add(event("oom", "c", "c")) == true)
        #expect(scheduler.add(event("oom", "c", "c")) == false)
    }

    @Test("loses and reorders no event, and inspects no container or game twice at once", arguments: 0..<50)
    func anyOrder(seed: UInt64) {
        var random = SplitMix(state: seed)
        var scheduler = InspectScheduler(now: now)
        var running: [InspectRequest] = []
        var (given, seen): (Int64, [ContainerID: [Int64]]) = (0, [:])
        func start(_ time: Int) {
            running += scheduler.start(at: at(time))
            #expect(Set(running.map(\.containerID)).count == running.count)
            let games = running.compactMap(\.gameID)
            #expect(Set(games).count == games.count)
            #expect(running.count { $0.hints.isEmpty } <= InspectScheduler.mostReconcileInspects)
        }
        func finish(_ request: InspectRequest) {
            seen[request.containerID, default: []] += request.hints.map(\.occurredAt.nanosecondsSinceEpoch)
            scheduler.finish(request)
        }
        for step in 0..<300 {
            let game = Int.random(in: 0..<6, using: &random)
            let id = ContainerID("c\(game)-\(Int.random(in: 0..<2, using: &random))")
            switch Int.random(in: 0..<5, using: &random) {
            case 0...1:
                given += 1
                let action = ["start", "die", "oom"].randomElement(using: &random) ?? ""
                #expect(scheduler.add(event(action, id, GameID("g\(game)"), number: given)) == true)
            case 2: scheduler.add(reconcile: id)
            default:
                guard let index = running.indices.randomElement(using: &random) else { break }
                let ended = running.remove(at: index)
                if Bool.random(using: &random) {
                    finish(ended)
                } else {
                    scheduler.fail(ended, retryAt: at(step + 5))
                }
            }
            start(step)
        }
        for step in 1_000..<1_200 {
            start(step * 10)
            if !running.isEmpty { finish(running.removeFirst()) }
        }
        #expect(running.isEmpty && scheduler.pause(at: at(20_000)) == nil)
        #expect(seen.values.joined().count == Int(given))
        for numbers in seen.values { #expect(numbers == numbers.sorted()) }
    }
}
