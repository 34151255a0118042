import JobContract
import JobQueue
import QueueAdmin
import RuntimeClient

extension GamePage {
    /// Reads what Redis knows of a game.
    ///
    /// - Parameters:
    ///   - shown: The number of latest results and events.
    ///   - messages: The largest number of messages to read from each queue in search of a job of the game.
    package static func read(
        _ id: GameID,
        _ queue: JobQueue,
        _ client: RuntimeClient,
        _ decoder: JobDecoder,
        shown: Int = mostShown,
        messages: Int = JobPage.mostMessages
    ) async throws -> GamePage {
        let detail = try await queue.game(id)
        let history = try await StreamSearch.run(client, most: mostSearched, wanted: shown) { $0.gameID == id }
        let queued = try await queue.queuedJob(most: messages, everywhere: !detail.isKnown, decoder) {
            $0.gameID == id
        }
        return GamePage(detail: detail, history: history.latest(shown), queued: queued)
    }
}
