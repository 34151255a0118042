import Primitives

/// Why the content of a live page is not up to date.
package struct Staleness: Sendable, Equatable {
    package enum Cause: String, Sendable {
        case redisAway = "Redis away"
        /// The worker reads other pages at the moment.
        case busy
        /// The worker waits for Redis or Docker.
        case starting = "the worker starts"
    }

    package var cause: Cause
    /// The reason as a sentence.
    package var reason: String
    /// The time of Redis at which the content was read; nil: the browser knows it better, or there is no content.
    package var readAt: Timestamp?

    package init(_ cause: Cause, _ reason: String, readAt: Timestamp? = nil) {
        self.cause = cause
        self.reason = reason
        self.readAt = readAt
    }

    /// The data of the event for a browser.
    ///
    /// - Parameter content: The content, if the browser does not have it yet.
    func data(with content: String?) -> String {
        var members = [
            "\"word\":\(JSONText.string(cause.rawValue))", "\"tone\":\"\(cause == .redisAway ? "bad" : "notable")\"",
            "\"reason\":\(JSONText.string(reason))",
        ]
        if let readAt { members.append("\"at\":\(readAt.millisecondsSinceEpoch)") }
        if let content { members.append("\"content\":\(JSONText.string(content))") }
        return "{\(members.joined(separator: ","))}"
    }
}
