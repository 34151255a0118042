import JobContract
import QueueAdmin
import Testing

@testable import Pages
@testable import Terminal

@Suite("What a move of messages prints")
struct MovePageTests {
    private static func message(_ id: String, _ game: String, _ time: String?) -> ListedMessage {
        let time = time.map { #","enqueued_at":"1970-01-01T00:0\#($0)Z""# } ?? ""
        return .bytes(Array(#"{"v":1,"id":"\#(id)","kind":"stop","game_id":"\#(game)"\#(time)}"#.utf8))
    }

    private static var target: QueueOverview {
        var target = QueueOverview(name: "default")
        target.workers = 1
        return target
    }

    private static func page(_ target: QueueOverview = target, count: Int = 5) -> MovePage {
        var found = MovableMessages()
        found.count = count
        found.oldest = [
            message("1", "lobby", "1:00"), message("2", "arena-with-a-long-name-of-its-own", nil),
            message("3", "lobby", "0:58"), .tooLarge(size: 100_000, sha1: "x"), .bytes(Array("garbage".utf8)),
        ]
        return MovePage(from: "defualt", found, to: target, JobDecoder(), now: 100_000)
    }

    private func text(_ page: MovePage, _ width: Int?) -> String {
        page.lines(on: Surface(width: width)).joined(by: "\n").text
    }

    @Test("a dry run has the count, the oldest and the games, on 80 and on 60 columns")
    func dryRun() {
        #expect(
            text(Self.page(), 80) == """
                would move 5 messages from defualt to default, the oldest pushed 42s ago:
                GAME                               MESSAGES  OLDEST
                lobby                                     2     42s
                arena-with-a-long-name-of-its-own         1       -
                (no job)                                  2       -
                """
        )
        #expect(
            text(Self.page(), 60) == """
                would move 5 messages from defualt to default, the oldest
                pushed 42s ago:
                GAME                               MESSAGES  OLDEST
                lobby                                     2     42s
                arena-with-a-long-name-of-its-own         1       -
                (no job)                                  2       -
                """
        )
    }

    @Test("a dry run says what the table lacks, and that nobody takes the messages from the other queue")
    func remarks() {
        var target = QueueOverview(name: "b")
        target.isPaused = true
        let lines = text(Self.page(target, count: 1_234), 80).split(separator: "\n")
        #expect(lines.first == "would move 1,234 messages from defualt to b, the oldest pushed 42s ago:")
        #expect(
            lines.suffix(3) == [
                "the table has the oldest 5 messages",
                "no worker serves b, so the messages would wait there, too: a move needs --yes",
                "b is paused, so the messages wait there: rtmanager queue resume b",
            ]
        )
    }

    @Test("a dry run for machines")
    func json() {
        #expect(
            Self.page().json.text == #"{"from":"defualt","to":"default","messages":5,"#
                + #""oldest":"1970-01-01T00:00:58.000Z","#
                + #""games":[{"game_id":"lobby","messages":2,"oldest":"1970-01-01T00:00:58.000Z"},"#
                + #"{"game_id":"arena-with-a-long-name-of-its-own","messages":1}],"#
                + #""invalid":2,"read":5,"dry_run":true}"#
        )
    }

    @Test("the outcome says how many were moved, and what is left to do")
    func outcome() {
        var outcome = MoveOutcome(from: "defualt", to: Self.target, wanted: 2)
        outcome.moved = 2
        #expect(outcome.lines(on: .plain).map(\.text) == ["2 messages are moved from defualt to default"])
        outcome.moved = 1
        #expect(outcome.sentence == "1 of 2 messages are moved from defualt to default")
        (outcome.left, outcome.target.workers, outcome.target.isPaused) = (3, 0, true)
        #expect(
            outcome.lines(on: Surface(width: 60)).map(\.text) == [
                "1 of 2 messages are moved from defualt to default",
                "3 messages are in defualt again: correct the producer, and",
                "move them, too", "no worker serves default", "default is paused: rtmanager queue resume default",
            ]
        )
        #expect(outcome.json.text == #"{"from":"defualt","to":"default","moved":1,"left":3}"#)
        #expect(MoveOutcome(from: "a\u{7}", to: Self.target, wanted: 1).lines(on: .plain)[0].text.contains("a\\u0007"))
    }
}
