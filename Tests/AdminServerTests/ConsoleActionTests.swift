import JobContract
import QueueAdmin
import Testing

@testable import AdminServer

@Suite("Actions of the console")
struct ConsoleActionTests {
    private static let all: [ConsoleAction] = [
        .retry(["1-0", "2-0"]), .drop(["1-0"]), .retryAll(DeadFilter()),
        .dropAll(DeadFilter(code: "a&b", queue: "q=1")),
        .change(.pause(queue: "q")), .change(.resume(queue: "q")), .change(.drain(node: "n:1")),
        .change(.resumeNode("n:1")), .stop("g-1"), .restart("g-1"),
        .remove("g-1"),
    ]

    @Test("are the same after a way through an address", arguments: all)
    func roundTrip(action: ConsoleAction) {
        let query = action.address.split(separator: "?", maxSplits: 1)[1]
        #expect(ConsoleAction(FormFields(String(query))) == action)
    }

    @Test("say what they do, each in other words")
    func words() {
        #expect(Set(Self.all.map(\.word)).count == Self.all.count)
        #expect(Set(Self.all.map(\.question)).count == Self.all.count)
        for action in Self.all { #expect(!action.consequence.isEmpty && action.question.hasSuffix("?")) }
        #expect(ConsoleAction.dropAll(DeadFilter(code: "x")).question == "Drop all dead letters with code x?")
        #expect(ConsoleAction.retry(["1-0", "2-0"]).question == "Retry 2 dead letters?")
    }

    @Test(
        "of forms that name none are none",
        arguments: [
            "", "do=stop", "do=stop&target=", "do=stop&target=a%20b", "do=retry", "do=retry&target=x",
            "do=drop&target=1-", "do=nothing&target=g", "target=g", "do=pause",
        ]
    )
    func none(form: String) { #expect(ConsoleAction(FormFields(form)) == nil) }

    @Test("take at most 200 letters, and no name above 200 bytes")
    func bounded() {
        let many = (0..<500).map { "target=\($0)-0" }.joined(separator: "&")
        #expect(ConsoleAction(FormFields("do=retry&" + many))?.targets.count == ConsoleAction.mostLetters)
        #expect(ConsoleAction(FormFields("do=drain&target=" + String(repeating: "n", count: 201))) == nil)
    }

    @Test("choose letters by code and queue")
    func filter() {
        let filter = DeadFilter(code: "a", queue: "q")
        #expect(filter.matches(code: "a", queue: "q") && !filter.matches(code: "a", queue: "r"))
        #expect(!filter.matches(code: "b", queue: "q") && DeadFilter().matches(code: "b", queue: "r"))
    }
}
