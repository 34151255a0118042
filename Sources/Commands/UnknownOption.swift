import ArgumentParser
import Primitives
import Terminal

/// An option that the command of a call does not have, with the options that were probably meant.
///
/// The parser names such an option, too, but only if nothing else is wrong: `start g --imgae x` lacks its image first.
/// And the parser suggests options that are not alike.
struct UnknownOption: Sendable, Equatable {
    /// The command, such as `rtmanager dead list`.
    var path: [String]
    /// The option with its dashes, without a value.
    var option: String
    /// The similar options, with their dashes.
    var suggestions: [String] = []

    /// Returns the first option of a call that its command does not have; nil: all are right.
    ///
    /// - Parameter arguments: The arguments without the name of the program.
    static func find(in arguments: [String], of root: any ParsableCommand.Type) -> UnknownOption? {
        let words = arguments.prefix { $0 != "--" }
        var command = root
        var path = [root._commandName]
        for word in words {
            guard let next = command.configuration.subcommands.first(where: { $0._commandName == word }) else { break }
            command = next
            path.append(word)
        }
        var known = names(of: command)
        if let usual = command.configuration.defaultSubcommand { known.formUnion(names(of: usual)) }
        for word in words where word.hasPrefix("-") && word.count > 1 && Int(word) == nil {
            let option = word.split(separator: "=", maxSplits: 1).first.map { String($0) } ?? word
            guard !known.contains(option), !word.hasPrefix("---") else { continue }
            let isFormat = ["--json", "--text"].contains(option) && known.contains("--output")
            let meant = isFormat ? ["--output \(option.dropFirst(2))"] : similar(to: option, known)
            return UnknownOption(path: path, option: option, suggestions: meant)
        }
        return nil
    }

    /// The message about the option.
    var message: String {
        let option = EscapedText.escape(EscapedText.cut(option, to: 200), quotes: false)
        let meant = suggestions.map { "'\($0)'" }.joined(separator: " or ")
        let hint = suggestions.isEmpty ? "" : ". Did you mean \(meant)?"
        return "Unknown option '\(option)'\(hint)\nSee '\(path.joined(separator: " ")) --help' for all options."
    }

    private static func similar(to option: String, _ known: Set<String>) -> [String] {
        let word = String(option.drop { $0 == "-" })
        // Any single letter is similar to any other.
        guard word.count > 1 else { return [] }
        let long = known.filter { $0.hasPrefix("--") }.map { String($0.dropFirst(2)) }
        return UnknownCommand.similar(to: word, long).map { "--\($0)" }
    }

    /// Returns the options of a command with their dashes, as the parser describes the command.
    private static func names(of command: any ParsableCommand.Type) -> Set<String> {
        guard let description = try? StrictJSON.parse(Array(command._dumpHelp().utf8)),
            case .array(let arguments)? = description["command"]?["arguments"]
        else { return [] }
        var names: Set<String> = ["--help", "--help-hidden", "-h", "--version", "--generate-completion-script"]
        for argument in arguments {
            guard case .array(let list)? = argument["names"] else { continue }
            for entry in list {
                guard case .string(let name)? = entry["name"], case .string(let kind)? = entry["kind"] else { continue }
                names.insert((kind == "long" ? "--" : "-") + name)
            }
        }
        return names
    }
}

extension JSONValue {
    fileprivate subscript(_ name: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.name == name }?.value
    }
}
