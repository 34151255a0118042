import Primitives
import DockerPort
import Support
import Synchronization
import Testing

@testable import DockerEngine

/// Replies that are used up one after the other, the last one for good.
final class Script: Sendable {
    private let replies: Mutex<[String: [StubEngine.Reply]]>

    init(_ replies: [String: [StubEngine.Reply]]) { self.replies = Mutex(replies) }

    func next(_ line: String) -> StubEngine.Reply? {
        replies.withLock { replies in
            guard let waiting = replies[line], let first = waiting.first else { return nil }
            if waiting.count > 1 { replies[line] = Array(waiting.dropFirst()) }
            return first
        }
    }
}
