import Pages
import Synchronization
import Terminal

/// Shows the stages of a job on stderr: one line that changes on a terminal, else one line for each piece of news.
final class WaitDisplay: Sendable {
    private struct State {
        var key = ""
        var hasLine = false
    }

    private let game: String
    private let surface: Surface
    private let write: @Sendable (TerminalText) -> Void
    private let state = Mutex(State())

    /// - Parameter write: takes text as it is, line feeds included.
    init(
        game: String,
        surface: Surface = .standardError,
        write: @escaping @Sendable (TerminalText) -> Void = StandardError.write(text:)
    ) {
        self.game = game
        self.surface = surface
        self.write = write
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
        let line = stage.line(width: max(1, width - game.count - 3))
        write("\r\u{1B}[K\(surface.painter.paint("\(game): \(line)", .dim))")
    }

    /// Takes the changing line away, so that the result stands in its place.
    func clear() {
        let hasLine = state.withLock { state in
            defer { state.hasLine = false }
            return state.hasLine
        }
        if hasLine { write("\r\u{1B}[K") }
    }
}
