import JobContract
import JobQueue
import QueueAdmin
import Testing

@testable import Pages
@testable import Terminal

@Suite("The page of a game")
struct GamePageTests {
    private static let queued: QueuedJob = {
        var place = QueuedMessage(queue: "default", before: 3, message: [])
        (place.state.workers, place.state.isPaused) = (1, true)
        return QueuedJob(id: "j1", gameID: "lobby", kind: .start, place: place)
    }()

    private static func lines(_ page: GamePage) -> [String] { page.lines(on: .plain).map(\.text) }

    @Test("shows the job that lies in a queue, with the reason, and offers no second start")
    func queued() {
        let page = GamePage(detail: GameDetail(id: "lobby", now: 0), queued: Self.queued)
        #expect(page.isKnown)
        #expect(
            Self.lines(page) == [
                "game        lobby", "state       no container", "in a queue  start j1",
                "its state   waits: queue paused (queue default, 3 before it)", "", "next", "  rtmanager job j1",
            ]
        )
        #expect(page.json.text.contains(#""next_job":"j1","stage":"waits: queue paused""#))
    }

    @Test("offers no second start while a job of the game waits for its turn")
    func admitted() {
        var detail = GameDetail(id: "lobby", now: 0)
        var head = JobDetail(id: "j0", fields: ["state": "waiting", "kind": "start", "game_id": "lobby"], now: 0)
        head.before = 0
        detail.head = head
        #expect(GamePage(detail: detail).commands == ["rtmanager job j0"])
        let both = GamePage(detail: detail, queued: Self.queued)
        #expect(both.nextJob?.id == "j0")
    }

    @Test("offers a start of a game without a job, and knows nothing of it")
    func unknown() {
        let page = GamePage(detail: GameDetail(id: "lobby", now: 0))
        #expect(!page.isKnown)
        #expect(page.commands == ["rtmanager start lobby --image IMAGE --wait"])
    }
}
