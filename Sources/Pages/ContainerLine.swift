import JobQueue
import Primitives
import RuntimeCore
import Terminal

/// One container, as its story was published last.
package struct ContainerLine: Sendable, Equatable {
    package var id: String
    package var gameID: String
    package var image: String
    package var node: String
    /// `running`, `healthy`, `unhealthy` or `exited`.
    package var word: String
    /// Begin or end of its last run.
    package var since: Timestamp?
    /// Whether a process of it was killed for want of memory.
    var hadOOM: Bool

    /// Nil where the mark is none of this version.
    package init?(_ story: KeptStory) {
        guard let mark = StoryMark(encoded: story.mark) else { return nil }
        id = story.containerID
        gameID = mark.identity.gameID
        image = mark.identity.image
        node = story.node
        word = mark.isRunning ? mark.health?.rawValue ?? "running" : "exited"
        since = mark.exitedAt ?? mark.startedAt
        hadOOM = !mark.ooms.isEmpty
    }

    package var state: TextTable.Cell {
        switch word {
        case "unhealthy": .init("unhealthy", .bad)
        case "exited": .init(hadOOM ? "exited (oom)" : "exited", .notable)
        default: hadOOM ? .init("\(word) (oom)", .notable) : .init(word, .good)
        }
    }

    /// What needs a look first, then by game.
    package static func sorted(_ lines: [ContainerLine]) -> [ContainerLine] {
        lines.sorted { (rank($0), $0.gameID, $0.id) < (rank($1), $1.gameID, $1.id) }
    }

    private static func rank(_ line: ContainerLine) -> Int {
        switch line.state.style {
        case .bad: 0
        case .notable: 1
        default: 2
        }
    }
}
