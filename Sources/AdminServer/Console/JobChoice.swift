import JobContract
import QueueAdmin

/// A choice of jobs; an empty text excludes no job.
package struct JobChoice: Sendable, Equatable {
    /// `retrying`, `running`, `waiting` or `dead`.
    package var state = ""
    /// The id of a game, or a pattern with `*`.
    package var game = ""
    package var queue = ""
    package var node = ""
    /// The code of an error.
    package var code = ""
    /// The part of the list. It has jobs of the chosen state only.
    package var part = JobListPart.begin

    /// The greatest size of a position, in bytes: an id and the name of a queue.
    private static let longestPosition = 500

    package init() {}

    /// - Parameter query: returns the value of a parameter of an address; nil if it is missing.
    init(_ query: (String) -> String?) {
        func value(_ name: String) -> String { ConsoleRoute.cut(query(name) ?? "") }
        func position(_ name: String) -> JobPosition? {
            query(name).flatMap { $0.utf8.count <= Self.longestPosition ? JobPosition($0) : nil }
        }
        state = ListedState(rawValue: value("state"))?.rawValue ?? ""
        (game, queue, node, code) = (value("game"), value("queue"), value("node"), value("code"))
        if let position = position("before") { part = .before(position) }
        if let position = position("after") { part = .after(position) }
        // A position belongs to the list of its state, and to no other.
        guard let position = part.position else { return }
        if state.isEmpty { state = position.state.rawValue }
        if state != position.state.rawValue { part = .begin }
    }

    /// Returns the same choice with another part of the list.
    func with(_ part: JobListPart) -> JobChoice {
        var choice = self
        choice.part = part
        if let position = part.position { choice.state = position.state.rawValue }
        return choice
    }

    var fields: [(String, String)] {
        let position: (String, String)? =
            switch part {
            case .begin: nil
            case .after(let position): ("after", position.text)
            case .before(let position): ("before", position.text)
            }
        return [("state", state), ("game", game), ("queue", queue), ("node", node), ("code", code)]
            + [position].compactMap { $0 }
    }

    /// Returns the filter for the chosen jobs.
    ///
    /// - Parameter node: The node that ``node`` means; nil: the text itself is the id.
    func filter(of node: NodeID? = nil) -> JobFilter {
        var filter = JobFilter()
        if let state = ListedState(rawValue: state) { filter.states = [state] }
        if !game.isEmpty { filter.game = IDPattern(game) }
        if !queue.isEmpty { filter.queue = queue }
        if !self.node.isEmpty { filter.node = node ?? NodeID(self.node) }
        if !code.isEmpty { filter.code = code }
        return filter
    }
}
