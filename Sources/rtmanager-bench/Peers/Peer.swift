import Terminal

/// Another worker that the bench measures, as an entry of a peers file describes it.
struct Peer: Sendable, Equatable {
    /// The name on the command line and in figures.
    var name: String
    /// The name in the table: version, language, and what matters of the configuration.
    var title: String
    /// The fate of the jobs of a killed worker, for the table.
    var killed: String
    /// The number of jobs in a drain.
    var jobs: Int
    /// The programs without which the peer cannot run: paths, or names in `PATH`.
    var needs: [String]
    /// The command that installs the peer.
    var install: String
    /// Variables of the peer's programs.
    var environment: [String: String] = [:]
    /// The program that queues jobs without work.
    var fill: [String]
    /// The worker.
    var work: [String]
    /// The commands to Redis whose replies add up to the number of jobs that have not ended.
    var left: [[String]]
    /// The program that pushes lone jobs; nil: the peer has none.
    var lone: [String]?
}

extension Peer: Decodable {
    private enum CodingKeys: String, CodingKey, CaseIterable {
        case name, title, killed, jobs, needs, install, environment, fill, work, left, lone
    }

    /// A key of an entry, known or not.
    private struct AnyKey: CodingKey {
        var stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    init(from decoder: any Decoder) throws {
        let known = Set(CodingKeys.allCases.map(\.rawValue))
        let given = try decoder.container(keyedBy: AnyKey.self).allKeys.map(\.stringValue)
        if let unknown = given.filter({ !known.contains($0) }).min() {
            throw PeersFile.Flaw(
                "has the unknown key \(unknown); the keys are \(known.sorted().joined(separator: ", "))"
            )
        }
        let values = try decoder.container(keyedBy: CodingKeys.self)
        name = try values.decode(String.self, forKey: .name)
        title = try values.decode(String.self, forKey: .title)
        killed = try values.decode(String.self, forKey: .killed)
        jobs = try values.decode(Int.self, forKey: .jobs)
        needs = try values.decode([String].self, forKey: .needs)
        install = try values.decode(String.self, forKey: .install)
        environment = try values.decodeIfPresent([String: String].self, forKey: .environment) ?? [:]
        fill = try values.decode([String].self, forKey: .fill)
        work = try values.decode([String].self, forKey: .work)
        left = try values.decode([[String]].self, forKey: .left)
        lone = try values.decodeIfPresent([String].self, forKey: .lone)
        try check()
    }

    /// The commands that return the length of a key.
    private static let lengths: Set<String> = ["LLEN", "HLEN", "SCARD", "XLEN", "ZCARD"]

    private func check() throws {
        let isName = name.first?.isLetter == true && name.allSatisfy { $0.isLetter || $0.isNumber || $0 == "-" }
        guard isName, name != PeerResult.own else {
            throw PeersFile.Flaw("has the name \(name): take letters, digits and -, but not \(PeerResult.own)")
        }
        guard (1...1_000_000).contains(jobs) else { throw PeersFile.Flaw("has \(jobs) jobs: take 1 to 1000000") }
        for (key, words) in [("fill", fill), ("work", work), ("lone", lone ?? ["none"])] {
            guard words.first?.isEmpty == false else { throw PeersFile.Flaw("has no program in \(key)") }
        }
        for (key, words) in [("fill", fill), ("lone", lone ?? ["{jobs}"])] where !words.contains("{jobs}") {
            throw PeersFile.Flaw("has no word {jobs} in \(key): it stands for the number of jobs")
        }
        guard !left.isEmpty, left.allSatisfy({ $0.count == 2 && Self.lengths.contains($0[0]) }) else {
            let names = Self.lengths.sorted().joined(separator: ", ")
            throw PeersFile.Flaw("needs in left one or more pairs of a command (\(names)) and a key")
        }
    }

    /// Returns `words` with the number of jobs and the address of Redis filled in. The program gets an absolute path
    /// unless it is a name in `PATH`.
    static func filled(_ words: [String], jobs: Int, url: String, folder: String) -> [String] {
        let all = words.map { word in
            switch word {
            case "{jobs}": String(jobs)
            case "{url}": url
            default: word
            }
        }
        return all.prefix(1).map { path($0, in: folder) } + all.dropFirst()
    }

    /// Returns the path of a program; a name without `/` stays, since the program is in `PATH`.
    static func path(_ program: String, in folder: String) -> String {
        program.hasPrefix("/") || !program.contains("/") ? program : "\(folder)/\(program)"
    }
}
