import Redis

/// Why a call of the client did not come to what was asked for. The text is for a person.
public enum ClientError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The request can be no job; nothing was sent.
    case invalidRequest(String)
    /// Redis did not answer.
    case redis(String)
    /// Redis has answered, and refused the command: a key of a wrong type, or a user without the permission.
    case refused(String)
    /// The request's id belongs to an earlier job, of another kind or game. What the request asks for is not done.
    case idReused(id: String, asked: String, known: String)
    /// There was no result in time. The job goes on, and its result will be on the stream.
    case noResult(within: Duration)

    init(_ error: RedisError) { self = error.isOfThisCommand ? .refused("\(error)") : .redis("\(error)") }

    public var description: String {
        switch self {
        case .invalidRequest(let text), .redis(let text), .refused(let text): text
        case .idReused(let id, let asked, let known):
            "the id \(id) belongs to an earlier job, a \(known); the \(asked) was not done: choose another id"
        case .noResult(let limit):
            "there is no result within \(limit); the job goes on, and its result will be on the stream of results"
        }
    }
}
