import JobContract
import JobQueue
import QueueAdmin
import RuntimeClient

/// Reads the pages of jobs and games for people who look at many: the console and `rtmanager top`. The searches are
/// shorter than those of the commands for one job or one game.
package struct DetailReader: Sendable {
    /// The number of latest events to search for those of a job's containers.
    private static let mostEvents = 5_000
    /// The largest number of messages of a queue to search for a job.
    package static let mostMessages = 1_000

    private let queue: JobQueue
    private let client: RuntimeClient
    private let decoder: JobDecoder

    package init(_ queue: JobQueue, _ client: RuntimeClient, _ decoder: JobDecoder) {
        self.queue = queue
        self.client = client
        self.decoder = decoder
    }

    /// Reads the page of a job; nil: nobody knows the job.
    package func job(_ id: JobID) async throws -> JobPage? {
        try await JobPage.read(id, queue, client, decoder, search: Self.mostEvents, messages: Self.mostMessages)
    }

    /// Reads the page of a game.
    package func game(_ id: GameID) async throws -> GamePage {
        try await GamePage.read(id, queue, client, decoder, messages: Self.mostMessages)
    }
}
