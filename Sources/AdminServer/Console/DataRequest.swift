import QueueAdmin
import Terminal

/// A request of a program for the data of a page. docs/reference/openapi.json describes the addresses.
package struct DataRequest: Sendable, Equatable {
    var route: ConsoleRoute
    /// The largest number of entries of a list.
    var limit = 100

    /// The begin of every address with data.
    static let prefix = "/api/v1"
    private static let limits = 1...1_000
    private static let addresses =
        "overview, games, games/GAME, jobs, jobs/JOB, dead, queues, nodes, nodes/NODE, workers,"
        + " groups, audit and words"

    package init(route: ConsoleRoute, limit: Int = 100) {
        self.route = route
        self.limit = limit
    }

    /// Reads the request of an address.
    ///
    /// - Parameters:
    ///   - path: The path of the address, as it stands there.
    ///   - query: The query of the address.
    init(path: String, query: String) throws(DataProblem) {
        let page = path.split(separator: "/").dropFirst(2).joined(separator: "/")
        let route = page.isEmpty ? nil : ConsoleEndpoint.route(page == "overview" ? "/" : page, query)
        guard let route else {
            let address = ConsoleRoute.cut(path)
            throw DataProblem(.missing, "there is no data at \(address); \(Self.prefix)/ has \(Self.addresses)")
        }
        self.route = route
        let fields = FormFields(query)
        func given(_ name: String) -> String? { fields[name].flatMap { $0.isEmpty ? nil : $0 } }
        if let text = given("limit") {
            guard let limit = Int(text), Self.limits.contains(limit) else {
                throw .wrong("limit", "a whole number from 1 to 1000", text)
            }
            self.limit = limit
        }
        switch route {
        case .jobs(let choice): try Self.check(choice, given)
        case .dead, .audit:
            for name in ["before", "after"] {
                guard let text = given(name), !StreamPart.isEntry(text) else { continue }
                throw .wrong(name, "the id of an entry, such as 1700000000000-0", text)
            }
        default: break
        }
    }

    private static func check(_ choice: JobChoice, _ given: (String) -> String?) throws(DataProblem) {
        if let text = given("state"), ListedState(rawValue: text) == nil {
            let states = ListedState.allCases.map(\.rawValue)
            throw .wrong("state", states.dropLast().joined(separator: ", ") + " or " + (states.last ?? ""), text)
        }
        guard choice.part == .begin, let name = ["before", "after"].first(where: { given($0) != nil }) else { return }
        throw .wrong(name, "a position of the same state, from next or previous of an answer", given(name) ?? "")
    }
}

/// Why a program gets no data.
package struct DataProblem: Error, Equatable {
    enum Kind: Sendable { case wrongRequest, missing, unavailable }

    let kind: Kind
    /// A sentence for a person.
    let reason: String

    init(_ kind: Kind, _ reason: String) {
        self.kind = kind
        self.reason = reason
    }

    /// Returns the problem of a parameter with a value that is not allowed.
    static func wrong(_ parameter: String, _ allowed: String, _ given: String) -> DataProblem {
        DataProblem(.wrongRequest, "\(parameter) must be \(allowed), not \(ConsoleRoute.cut(given))")
    }

    /// Returns the problem of a name that means nothing.
    static func unknown(_ thing: String, _ name: String) -> DataProblem {
        DataProblem(.missing, ConsoleContent.unknownText(thing, name))
    }

    var json: String { JSONNode.object([("error", .string(reason))]).text }
}
