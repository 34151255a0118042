public import JobContract
import Primitives
import Redis

/// The reason for a failed call of the client. The text is for a person.
public enum ClientError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The request is no valid job, or is too large. Nothing was sent.
    case invalidRequest(String)
    /// Redis did not answer, or can serve no commands now.
    case redis(String)
    /// Redis refused this command, for example because a key has the wrong type or the user lacks a permission.
    case refused(String)
    /// The request's id belongs to an earlier job of another kind or game. The request was not executed.
    case idReused(id: JobID, asked: String, known: String)
    /// No result came in time. The job continues, and its result will appear on the stream of results.
    case noResult(within: Duration)

    init(_ error: RedisError) { self = error.isOfThisCommand ? .refused("\(error)") : .redis("\(error)") }

    public var description: String {
        switch self {
        case .invalidRequest(let text), .redis(let text), .refused(let text): text
        case .idReused(let id, let asked, let known):
            "the id \(id) belongs to an earlier job, a \(known); the \(asked) was not done: choose another id"
        case .noResult(let limit):
            "there is no result within \(limit.shortText); the job goes on, and its result will be on the stream of results"
        }
    }
}
