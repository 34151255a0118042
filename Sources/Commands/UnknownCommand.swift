import ArgumentParser
import Settings
import Terminal

/// A word in the place of a command that names no command, with the commands that were probably meant.
struct UnknownCommand: Sendable, Equatable {
    /// The commands before the word, such as `rtmanager dead`.
    var path: [String]
    var word: String
    /// The names of similar commands, the most similar first.
    var suggestions: [String] = []

    /// Returns the first word of a call that should be a command and is none; nil: there is no such word.
    ///
    /// - Parameter arguments: The arguments without the name of the program.
    static func find(in arguments: [String], of root: any ParsableCommand.Type) -> UnknownCommand? {
        var words = arguments[...]
        // `help dead list` is the help of `dead list`.
        if words.first == "help" { words = words.dropFirst() }
        if words.first == "help" { return nil }
        let isHelp = words.startIndex > arguments.startIndex
        var command = root
        var path = [root._commandName]
        for word in words {
            let children = command.configuration.subcommands
            guard !word.hasPrefix("-"), isHelp || !children.isEmpty else { return nil }
            guard let next = children.first(where: { $0._commandName == word }) else {
                let suggestions = similar(to: word, children.map { $0._commandName })
                // Where a command needs no name, any other word is its argument.
                if suggestions.isEmpty, !isHelp, command.configuration.defaultSubcommand != nil { return nil }
                return UnknownCommand(path: path, word: word, suggestions: suggestions)
            }
            command = next
            path.append(word)
        }
        return nil
    }

    /// The message about the word.
    var message: String {
        let name = path.joined(separator: " ")
        let meant = suggestions.map { "\(name) \($0)" }.joined(separator: " or ")
        let hint = suggestions.isEmpty ? "" : "; did you mean \(meant)?"
        return "\(quoted(word)) is no command of \(name)\(hint)\nSee '\(name) --help' for all commands."
    }

    /// Returns the names that differ least from a word, by few letters, or that begin with the word; at most three.
    static func similar(to word: String, _ names: [String]) -> [String] {
        let word = String(word.lowercased().prefix(50))
        let most = word.count < 4 ? 1 : 2
        let rated = names.map { name in
            (name, name.hasPrefix(word) && word.count >= 2 ? 0 : distance(word, name))
        }
        let least = rated.map(\.1).min() ?? 0
        return Array(rated.filter { $0.1 <= most && $0.1 == least }.map(\.0).sorted().prefix(3))
    }

    /// Returns how many letters must be added, removed, replaced or swapped with their neighbour.
    static func distance(_ one: String, _ other: String) -> Int {
        let (one, other) = (Array(one), Array(other))
        var rows = [Array(0...other.count)]
        for index in one.indices {
            var row = [index + 1]
            for place in other.indices {
                var least = min(rows[index][place + 1] + 1, row[place] + 1)
                least = min(least, rows[index][place] + (one[index] == other[place] ? 0 : 1))
                if index > 0, place > 0, one[index] == other[place - 1], one[index - 1] == other[place] {
                    least = min(least, rows[index - 1][place - 1] + 1)
                }
                row.append(least)
            }
            rows.append(row)
        }
        return rows[one.count][other.count]
    }
}
