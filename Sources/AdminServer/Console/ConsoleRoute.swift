import JobContract
import QueueAdmin
import Terminal

/// A page of the operators' console, with its address.
package enum ConsoleRoute: Sendable, Equatable {
    case overview
    /// Games with a container whose id holds a text.
    case games(search: String, page: Int)
    case game(GameID)
    case jobs(JobChoice)
    case job(JobID)
    case dead(DeadPage)
    case queues
    case nodes
    case node(NodeID)
    case workers
    /// Consumer groups of the public streams.
    case groups
    /// What people have done with the console.
    case audit(StreamPart)
    /// The words that the pages use.
    case words

    /// The greatest size of a name or a searched text in an address, in UTF-8 bytes.
    static let longest = 200

    /// Creates the route of an address; nil if no page has the address.
    ///
    /// - Parameters:
    ///   - path: the parts of the path, without percent signs.
    ///   - query: the value of a parameter, without percent signs; nil if it is missing.
    package init?(path: [String], query: (String) -> String?) {
        guard path.count <= 2, path.allSatisfy({ $0.utf8.count <= Self.longest }) else { return nil }
        let search = Self.cut(query("q") ?? "")
        switch (path.first ?? "", path.count > 1 ? path[1] : nil) {
        case ("", nil): self = .overview
        case ("games", nil):
            self = .games(search: search, page: max(1, min(Int(query("page") ?? "") ?? 1, 1_000)))
        case ("games", let id?): self = .game(GameID(id))
        case ("jobs", nil): self = .jobs(JobChoice(query))
        case ("jobs", let id?): self = .job(JobID(id))
        case ("dead", nil):
            let filter = DeadFilter(code: query("code") ?? "", queue: query("queue") ?? "")
            let before = query("before").flatMap { StreamPart.isEntry($0) ? $0 : nil }
            self = .dead(DeadPage(filter: filter, before: before))
        case ("queues", nil): self = .queues
        case ("nodes", nil): self = .nodes
        case ("nodes", let id?): self = .node(NodeID(id))
        case ("groups", nil): self = .groups
        case ("workers", nil): self = .workers
        case ("audit", nil): self = .audit(StreamPart(before: query("before"), after: query("after")))
        case ("words", nil): self = .words
        default: return nil
        }
    }

    /// Creates the route of what a cell names; nil for the console of a worker, which is another site.
    init?(_ link: TextTable.Link) {
        switch link {
        case .game(let id): self = .game(GameID(id))
        case .job(let id): self = .job(JobID(id))
        case .node(let id): self = .node(NodeID(id))
        case .console: return nil
        }
    }

    /// The address, ready for a link.
    package var address: String {
        switch self {
        case .overview: "/"
        case .games(let search, let page):
            "/games" + Self.query([("q", search), ("page", page > 1 ? "\(page)" : "")])
        case .game(let id): "/games/" + Self.encoded(id.text)
        case .jobs(let choice): "/jobs" + Self.query(choice.fields)
        case .job(let id): "/jobs/" + Self.encoded(id.text)
        case .dead(let page):
            "/dead"
                + Self.query([("code", page.filter.code), ("queue", page.filter.queue), ("before", page.before ?? "")])
        case .queues: "/queues"
        case .nodes: "/nodes"
        case .node(let id): "/nodes/" + Self.encoded(id.text)
        case .workers: "/workers"
        case .groups: "/groups"
        case .audit(let part): "/audit" + Self.query(part.fields)
        case .words: "/words"
        }
    }

    /// The address of the stream of the page's content.
    var liveAddress: String { LiveStreams.address + Self.query([("page", address)]) }

    /// The heading of the page.
    package var title: String {
        switch self {
        case .overview: "Overview"
        case .games: "Games"
        case .game(let id): "Game \(id)"
        case .jobs: "Jobs"
        case .job(let id): "Job \(id)"
        case .dead: "Dead letters"
        case .queues: "Queues"
        case .nodes: "Nodes"
        case .node(let id): "Node \(ShortID.node(id.text))"
        case .workers: "Workers"
        case .groups: "Consumer groups"
        case .audit: "Audit"
        case .words: "Words of these pages"
        }
    }

    /// The title in the menu, which has two lines on a phone.
    var menuTitle: String { self == .groups ? "Groups" : title }

    /// The pages in the menu.
    static let menu: [ConsoleRoute] = [
        .overview, .games(search: "", page: 1), .jobs(JobChoice()), .dead(DeadPage()), .queues, .nodes, .workers,
        .groups, .audit(.latest),
    ]

    /// Whether the page belongs to a page of the menu.
    func isUnder(_ entry: ConsoleRoute) -> Bool {
        switch (self, entry) {
        case (.overview, .overview), (.jobs, .jobs), (.job, .jobs), (.dead, .dead), (.nodes, .nodes), (.node, .nodes),
            (.groups, .groups), (.games, .games), (.game, .games), (.queues, .queues), (.audit, .audit),
            (.workers, .workers):
            true
        default: false
        }
    }

    static func query(_ parameters: [(String, String)]) -> String {
        let given = parameters.filter { !$0.1.isEmpty }
        return given.isEmpty ? "" : "?" + given.map { "\($0)=\(encoded($1))" }.joined(separator: "&")
    }

    /// Returns a text in which every byte but letters, digits and `-._~` is percent-encoded (RFC 3986).
    static func encoded(_ text: String) -> String {
        text.utf8.reduce(into: "") { encoded, byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                encoded.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                let digits = String(byte, radix: 16, uppercase: true)
                encoded += "%" + (digits.count == 1 ? "0" : "") + digits
            }
        }
    }

    /// Returns a text, or its begin if it is longer than ``longest``.
    static func cut(_ text: String) -> String {
        var text = text
        while text.utf8.count > longest { text.unicodeScalars.removeLast() }
        return text
    }
}

/// A page of dead letters.
package struct DeadPage: Sendable, Equatable {
    package var filter = DeadFilter()
    /// The entry of a letter; the page has older letters only. nil: from the newest.
    package var before: String?

    package init(filter: DeadFilter = DeadFilter(), before: String? = nil) {
        self.filter = filter
        self.before = before
    }
}

extension StreamPart {
    /// Reads the part of an address. A text that is no entry counts as missing.
    init(before: String?, after: String?) {
        self = .latest
        if let before, Self.isEntry(before) { self = .before(before) }
        if let after, Self.isEntry(after) { self = .after(after) }
    }

    var fields: [(String, String)] {
        switch self {
        case .latest: []
        case .before(let entry): [("before", entry)]
        case .after(let entry): [("after", entry)]
        }
    }
}
