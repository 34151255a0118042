import JobContract
import Primitives

/// The lane of a game in `{ns}:lanes`. `Lua/lanes.lua` writes the record as JSON.
package struct LaneRecord: Sendable, Equatable {
    /// The state of the head.
    package enum State: String, Sendable {
        case ready, active, delayed
    }

    package var state: State
    /// The id of the job at the head.
    package var head: JobID
    /// The ready list with the lane, `ready:CLASS:QUEUE[:NODE]`; nil if the head runs or waits for its next attempt.
    package var list: String?
    /// The token of the running head.
    package var token: LeaseToken?

    package init(_ state: State, _ head: JobID, list: String? = nil, token: LeaseToken? = nil) {
        self.state = state
        self.head = head
        self.list = list
        self.token = token
    }

    /// Reads the text in Redis; nil if the text is no lane, for example after a change by hand.
    package init?(_ text: String) {
        guard let members = JSONMembers(text), let head = members.string("head"),
            let state = members.string("state").flatMap(State.init(rawValue:))
        else { return nil }
        self.init(
            state,
            JobID(head),
            list: members.string("list"),
            token: members.string("token").map { LeaseToken($0) }
        )
    }
}
