import JobContract
import Pages
import Synchronization
import Terminal

/// Shows the stages of a job on stderr. A terminal has a single changing line; other output has a line for each change.
final class WaitDisplay: Sendable {
    private struct State {
        var key = ""
        var hasLine = false
    }

    private let game: GameID
    private let surface: Surface
    private let write: @Sendable (TerminalText) -> Void
    private let state = Mutex(State())

    /// Creates a display.
    ///
    /// - Parameter write: Writes a text unchanged, without an additional line feed.
    init(
        game: GameID,
        surface: Surface = .standardError,
        write: @escaping @Sendable (TerminalText) -> Void = StandardError.write(text:)
    ) {
        self.game = game
        self.surface = surface
        self.write = write
    }

    /// Shows the id of the job, on a line that stays.
    func name(_ id: JobID) {
        write("\(surface.painter.paint("\(game): job \(id)", .dim))\n")
    }

    func show(_ stage: WaitStage) {
        guard stage != .ended else { return }
        let isNew = state.withLock { state in
            defer { state.key = stage.key }
            return state.key != stage.key
        }
        guard let width = surface.width else {
            if isNew { write("\(game): \(stage.phrase)\n") }
            return
        }
        state.withLock { $0.hasLine = true }
        let line = stage.line(width: max(1, width - game.text.count - 3))
        write("\r\u{1B}[K\(surface.painter.paint("\(game): \(line)", .dim))")
    }

    /// Removes the changing line, so that the result takes its place.
    func clear() {
        let hasLine = state.withLock { state in
            defer { state.hasLine = false }
            return state.hasLine
        }
        if hasLine { write("\r\u{1B}[K") }
    }
}
