import JobContract
import QueueAdmin
import Testing

@testable import Pages

@Suite("Changes of queues and nodes")
struct ServiceChangeTests {
    private static let all: [ServiceChange] = [
        .pause(queue: "q"), .resume(queue: "q"), .drain(node: "n:1"), .resumeNode("n:1"),
    ]

    @Test("have a word each, which `top` writes to the audit", arguments: all)
    func words(change: ServiceChange) {
        #expect(ServiceChange(word: change.word, target: change.target) == change)
        let audited = TopAction.change(change).audited
        #expect(audited?.action == change.word && audited?.target == change.target)
        #expect(ServiceChange(word: change.word + "x", target: "") == nil)
    }
}
