import Primitives

/// The rules for the declarations of a command's flags and arguments. A debug build of ArgumentParser checks them in each
/// call, and a first build does not (`deploy/frontend`).
package enum CommandDeclarations {
    /// Returns what is wrong with a command and its subcommands.
    ///
    /// - Parameter dump: The command as ArgumentParser dumps it.
    package static func problems(inDump dump: String) throws -> [String] {
        guard let command = try StrictJSON.parse(Array(dump.utf8))["command"] else { return ["there is no command"] }
        return problems(of: command, path: [])
    }

    private static func problems(of command: JSONValue, path: [String]) -> [String] {
        let path = path + [command["commandName"]?.text ?? "?"]
        let arguments = command["arguments"]?.elements ?? []
        let problems = repeatedNames(arguments) + unreachable(arguments) + constant(arguments)
        return problems.map { "\(path.joined(separator: " ")): \($0)" }
            + (command["subcommands"]?.elements ?? []).flatMap { Self.problems(of: $0, path: path) }
    }

    /// Names of more than one flag.
    private static func repeatedNames(_ arguments: [JSONValue]) -> [String] {
        let names = arguments.flatMap { argument in
            (argument["names"]?.elements ?? []).map { "\($0["kind"]?.text ?? "") \($0["name"]?.text ?? "")" }
        }
        return Dictionary(grouping: names) { $0 }.filter { $1.count > 1 }.keys.sorted().map { "two flags named \($0)" }
    }

    /// An argument behind one that takes all the words.
    private static func unreachable(_ arguments: [JSONValue]) -> [String] {
        let positional = arguments.filter { $0["kind"]?.text == "positional" }
        return positional.dropLast().filter { $0["isRepeating"] == .bool(true) }.map {
            "no word reaches the arguments behind \($0["valueName"]?.text ?? "?")"
        }
    }

    /// A flag that is on whether it is given or not: it has no flag to turn it off.
    private static func constant(_ arguments: [JSONValue]) -> [String] {
        let flags = arguments.filter { $0["kind"]?.text == "flag" }
        let names = Set(flags.flatMap { $0["names"]?.elements ?? [] }.compactMap { $0["name"]?.text })
        return flags.filter { $0["defaultValue"]?.text == "true" }
            .compactMap { $0["preferredName"]?["name"]?.text }
            .filter { !$0.hasPrefix("no-") && !names.contains("no-\($0)") }
            .map { "the flag \($0) is always on" }
    }
}

extension JSONValue {
    fileprivate subscript(_ name: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.name == name }?.value
    }

    fileprivate var elements: [JSONValue]? {
        if case .array(let elements) = self { elements } else { nil }
    }

    fileprivate var text: String? {
        if case .string(let text) = self { text } else { nil }
    }
}
