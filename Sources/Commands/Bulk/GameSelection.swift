import JobContract
import QueueAdmin

/// The choice of games for a command that acts on many.
struct GameSelection: Sendable, Equatable {
    var kind: JobKind
    /// Whether a remove stops running containers first.
    var isForced = false
    var pattern: IDPattern?
    var node: NodeID?

    /// Returns the games to act on, in the order of their ids: those for which the job has something to do.
    func games(from all: [GameStatus]) -> [GameStatus] {
        all.filter { game in
            pattern?.matches(game.gameID.text) ?? true && node.map { $0 == game.node } ?? true && hasWork(game)
        }.sorted { $0.gameID < $1.gameID }
    }

    private func hasWork(_ game: GameStatus) -> Bool {
        switch kind {
        case .stop: game.isRunning
        case .remove: isForced || !game.isRunning
        case .restart, .start: true
        }
    }
}
