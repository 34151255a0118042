import DockerPort
import JobContract
import Primitives
import RuntimeCore
import Support
import Testing

@testable import Runtime

@Suite("The schedule of inspections")
struct InspectSchedulerTests {
    private let now = MonotonicInstant(nanoseconds: 0)

    private func event(_ action: String, _ id: String, _ game: GameID) -> DockerEvent {
        DockerEvent(
            action: action,
            containerID: id,
            labels: [GalaxyLabel.gameID: game.text],
            occurredAt: Timestamp(nanosecondsSinceEpoch: 0)
        )
    }

    private func request(_ id: String, _ game: GameID? = nil, _ action: String = "die") -> InspectRequest {
        InspectRequest(containerID: id, hints: game.map { [event(action, id, $0)] } ?? [])
    }

    @Test("has four inspections in two milliseconds without an event, and at most four at once")
    func pace() {
        var desk = InspectScheduler(now: now)
        #expect(desk.takeRoom(at: now) == InspectScheduler.Room(looks: 64, wanted: 4))
        let first = (0..<4).map { request("c\($0)") }
        #expect(desk.begin(first) == first)
        let soon = now.advanced(by: .milliseconds(1))
        #expect(desk.takeRoom(at: soon) == InspectScheduler.Room(looks: 60, wanted: 0))
        // All of them are under way: whoever ends wakes.
        #expect(desk.pause(at: soon, hasWanted: true) == nil)
        #expect(desk.end("c0").isEmpty)
        #expect(desk.pause(at: soon, hasWanted: true) == .milliseconds(1))
        #expect(desk.pause(at: soon, hasWanted: false) == nil)
        #expect(desk.takeRoom(at: soon).wanted == 0)
        let next = now.advanced(by: .milliseconds(2))
        #expect(desk.takeRoom(at: next) == InspectScheduler.Room(looks: 61, wanted: 1))
        #expect(desk.takeRoom(at: next.advanced(by: .milliseconds(1))).wanted == 0)
    }

    @Test("does not delay inspections for events")
    func events() {
        var desk = InspectScheduler(now: now)
        _ = desk.takeRoom(at: now)
        let wanted = (0..<4).map { request("c\($0)") }
        _ = desk.begin(wanted)
        let asked = (0..<60).map { request("e\($0)", "g\($0)") }
        #expect(desk.begin(asked) == asked)
        #expect(desk.takeRoom(at: now.advanced(by: .seconds(1))) == InspectScheduler.Room(looks: 0, wanted: 0))
        _ = desk.end("e0")
        #expect(desk.takeRoom(at: now.advanced(by: .seconds(1))) == InspectScheduler.Room(looks: 1, wanted: 0))
    }

    @Test("inspects containers of one game one after the other, others at once")
    func games() {
        var desk = InspectScheduler(now: now)
        #expect(
            desk.begin([request("old", "g"), request("new", "g"), request("x", "h")]).map(\.containerID) == [
                "old", "x",
            ]
        )
        #expect(desk.end("x").isEmpty)
        #expect(desk.end("old").map(\.containerID) == ["new"])
        #expect(desk.begin([request("new", "g")]).count == 1)
    }

    @Test("merges requests for a container during its inspection into one, but one for each run")
    func runs() {
        var desk = InspectScheduler(now: now)
        _ = desk.begin([request("c", "g", "start")])
        #expect(desk.begin([request("c", "g", "oom"), request("c", "g", "die")]).isEmpty)
        #expect(desk.begin([request("c", "g", "start")]).isEmpty)
        let waited = desk.end("c")
        #expect(waited.map { $0.hints.map(\.action) } == [["oom", "die"], ["start"]])
    }

    @Test("keeps the hints of a failed inspection, and repeats it after a pause")
    func failures() {
        var desk = InspectScheduler(now: now)
        _ = desk.begin([request("c", "g", "start"), request("c", "g", "die"), request("d", "g")])
        let next = now.advanced(by: .seconds(30))
        #expect(desk.fail(request("c", "g", "start"), next: next).map(\.containerID) == ["d"])
        #expect(desk.pause(at: now, hasWanted: false) == .seconds(1))
        #expect(desk.takeDue(at: next.advanced(by: .milliseconds(-1))).isEmpty)
        #expect(desk.takeDue(at: next).map { $0.hints.map(\.action) } == [["start", "die"]])
        #expect(desk.takeDue(at: next).isEmpty && desk.pause(at: next, hasWanted: false) == nil)
    }

    @Test("loses no hint and inspects no container twice at once, in any order", arguments: 0..<50)
    func anyOrder(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var desk = InspectScheduler(now: now)
        var (open, given, told): ([InspectRequest], Int, Int) = ([], 0, 0)
        func begin(_ requests: [InspectRequest]) {
            open += desk.begin(requests)
            #expect(Set(open.map(\.containerID)).count == open.count)
            let games = open.compactMap(\.gameID)
            #expect(Set(games).count == games.count)
        }
        for step in 0..<200 {
            let time = now.advanced(by: .milliseconds(step))
            begin(desk.takeDue(at: time))
            let room = desk.takeRoom(at: time)
            if room.looks > 0, Bool.random(using: &random) {
                let game = Int.random(in: 0..<6, using: &random)
                let action = ["start", "die", "oom"].randomElement(using: &random) ?? ""
                begin([request("c\(game)-\(Int.random(in: 0..<2, using: &random))", "g\(game)", action)])
                given += 1
            } else if let index = open.indices.randomElement(using: &random) {
                let ended = open.remove(at: index)
                if Bool.random(using: &random) {
                    told += ended.hints.count
                    begin(desk.end(ended.containerID))
                } else {
                    begin(desk.fail(ended, next: time.advanced(by: .milliseconds(5))))
                }
            }
        }
        var time = now.advanced(by: .seconds(1))
        for _ in 0..<100 {
            time = time.advanced(by: .seconds(1))
            begin(desk.takeDue(at: time))
            guard !open.isEmpty else { continue }
            let ended = open.removeFirst()
            told += ended.hints.count
            begin(desk.end(ended.containerID))
        }
        #expect(told == given)
    }
}
