import JobContract
import QueueAdmin
import Terminal

/// An action of a person with the console.
package enum ConsoleAction: Sendable, Equatable {
    /// Retries dead letters, by the ids of their entries.
    case retry([String])
    /// Drops dead letters, by the ids of their entries.
    case drop([String])
    case retryAll(DeadFilter)
    case dropAll(DeadFilter)
    case change(ServiceChange)
    case stop(GameID)
    case restart(GameID)
    case remove(GameID)

    /// The largest number of dead letters in one action.
    static let mostLetters = 200

    /// Creates the action of a submitted form, or of the address of a confirmation; nil if there is none.
    init?(_ fields: FormFields) {
        let targets = fields.all("target").filter { !$0.isEmpty && $0.utf8.count <= ConsoleRoute.longest }
        let entries = targets.filter(StreamPart.isEntry).prefix(Self.mostLetters)
        let filter = DeadFilter(code: fields["code"] ?? "", queue: fields["queue"] ?? "")
        switch (fields["do"], targets.first) {
        case ("retry", _?) where !entries.isEmpty: self = .retry(Array(entries))
        case ("drop", _?) where !entries.isEmpty: self = .drop(Array(entries))
        case ("retry-all", _): self = .retryAll(filter)
        case ("drop-all", _): self = .dropAll(filter)
        case ("stop", let game?) where Syntax.isGameID(game): self = .stop(GameID(game))
        case ("restart", let game?) where Syntax.isGameID(game): self = .restart(GameID(game))
        case ("remove", let game?) where Syntax.isGameID(game): self = .remove(GameID(game))
        case (let word?, let target?):
            guard let change = ServiceChange(word: word, target: target) else { return nil }
            self = .change(change)
        default: return nil
        }
    }

    /// The word of the action in forms and in the audit.
    package var word: String {
        switch self {
        case .retry: "retry"
        case .drop: "drop"
        case .retryAll: "retry-all"
        case .dropAll: "drop-all"
        case .change(let change): change.word
        case .stop: "stop"
        case .restart: "restart"
        case .remove: "remove"
        }
    }

    /// The games, letters, queues or nodes of the action.
    package var targets: [String] {
        switch self {
        case .retry(let entries), .drop(let entries): entries
        case .retryAll, .dropAll: []
        case .change(let change): [change.target]
        case .stop(let game), .restart(let game), .remove(let game): [game.text]
        }
    }

    /// What the action is about, as a text for the log.
    package var subject: String {
        switch self {
        case .retryAll(let filter), .dropAll(let filter): filter.phrase
        default: targets.joined(separator: " ")
        }
    }

    /// The fields of a form for the action.
    var fields: [(name: String, value: String)] {
        var fields = [(name: "do", value: word)] + targets.map { (name: "target", value: $0) }
        if case .retryAll(let filter) = self { fields += filter.fields }
        if case .dropAll(let filter) = self { fields += filter.fields }
        return fields
    }

    /// The address of the confirmation.
    var address: String { "/act" + ConsoleRoute.query(fields.map { ($0.name, $0.value) }) }

    /// The page with the action's button.
    var page: ConsoleRoute {
        switch self {
        case .retry, .drop: .dead(DeadPage())
        case .retryAll(let filter), .dropAll(let filter): .dead(DeadPage(filter: filter))
        case .change(.pause), .change(.resume): .queues
        case .change(.drain(let node)), .change(.resumeNode(let node)): .node(node)
        case .stop(let game), .restart(let game), .remove(let game): .game(game)
        }
    }
}

/// A choice of dead letters.
package struct DeadFilter: Sendable, Equatable {
    /// The code of the error; empty: all codes.
    package var code = ""
    /// The queue of the job; empty: all queues.
    package var queue = ""

    package init(code: String = "", queue: String = "") {
        self.code = ConsoleRoute.cut(code)
        self.queue = ConsoleRoute.cut(queue)
    }

    package var isAll: Bool { code.isEmpty && queue.isEmpty }

    package func matches(code: String, queue: String) -> Bool {
        (self.code.isEmpty || self.code == code) && (self.queue.isEmpty || self.queue == queue)
    }

    var fields: [(name: String, value: String)] {
        [(name: "code", value: code), (name: "queue", value: queue)].filter { !$0.value.isEmpty }
    }

    /// The choice in words.
    var phrase: String {
        if isAll { return "all dead letters" }
        let parts = [code.isEmpty ? "" : "code \(code)", queue.isEmpty ? "" : "queue \(queue)"]
        return "all dead letters with " + parts.filter { !$0.isEmpty }.joined(separator: " and ")
    }
}
