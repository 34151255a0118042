import JobContract
import JobQueue
import Primitives
import QueueAdmin
import RuntimeCore
import Terminal

/// A container in its last published state.
package struct ContainerLine: Sendable, Equatable {
    package var id: ContainerID
    package var gameID: GameID
    package var image: String
    package var node: NodeID
    /// The state: `running`, `healthy`, `unhealthy` or `exited`.
    package var word: String
    /// The beginning of the current run, or the end of the last run.
    package var since: Timestamp?
    /// Whether a process of the container was killed because the container was out of memory.
    var hadOOM: Bool

    /// Creates a line from a checkpoint. Returns nil if another version wrote the checkpoint.
    package init?(_ entry: ContainerCheckpoint) {
        guard let checkpoint = Checkpoint(encoded: entry.encoded) else { return nil }
        id = entry.containerID
        gameID = checkpoint.identity.gameID
        image = checkpoint.identity.image
        node = entry.node
        word = checkpoint.isRunning ? checkpoint.health?.rawValue ?? "running" : "exited"
        since = checkpoint.exitedAt ?? checkpoint.startedAt
        hadOOM = !checkpoint.ooms.isEmpty
    }

    package var state: TextTable.Cell {
        switch word {
        case "unhealthy": .init("unhealthy", .bad)
        case "exited": .init(hadOOM ? "exited (oom)" : "exited", .notable)
        default: hadOOM ? .init("\(word) (oom)", .notable) : .init(word, .good)
        }
    }

    /// Returns the lines with containers in trouble first, then in the order of games.
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
