import JobContract
import JobQueue

/// A job in a queue, with its place. No worker has taken the job in.
package struct QueuedJob: Sendable, Equatable {
    package var id: JobID
    package var gameID: GameID
    package var kind: JobKind
    package var place: QueuedMessage

    package init(id: JobID, gameID: GameID, kind: JobKind, place: QueuedMessage) {
        self.id = id
        self.gameID = gameID
        self.kind = kind
        self.place = place
    }
}

extension JobQueue {
    /// Returns the first matching job of the queues.
    ///
    /// - Parameters:
    ///   - most: The number of oldest messages to search, in each queue and in its inbox.
    ///   - everywhere: Whether to search unserved queues, too, at the cost of a search for their keys.
    package func queuedJob(
        most: Int,
        everywhere: Bool,
        _ decoder: JobDecoder,
        _ matches: (Job) -> Bool
    ) async throws(QueueError) -> QueuedJob? {
        let names = try await knownQueues()
        var found: Job?
        func isWanted(_ message: [UInt8]) -> Bool {
            guard case .job(let job) = decoder.decode(message), matches(job) else { return false }
            found = job
            return true
        }
        var place = try await find(inQueues: names, most: most, isWanted)
        if place == nil, everywhere {
            place = try await find(inQueues: try await unservedQueues(besides: names), most: most, isWanted)
        }
        guard let place, let found else { return nil }
        let explained = try await explained(place, decoder)
        return QueuedJob(id: found.id, gameID: found.gameID, kind: found.kind, place: explained)
    }
}
