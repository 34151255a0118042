import ArgumentParser
import Foundation
import Support
import Testing

@testable import Commands

/// The page `docs/reference/cli.md`, from the description of the commands that the parser gives.
private enum CommandReference {
    private static let head = """
        # Command line

        For operators, and for scripts that call `rtmanager`. This page has every command with its arguments and flags.

        `RTM_TEST_WRITE=1 swift test --filter CommandReferenceTests` writes this page from the commands. Do not edit it by
        hand. [The contract](contract.md#8-commands) says what all commands have in common. Flags of settings have the
        variable in brackets; [the contract](contract.md#9-settings) describes the settings.


        """

    static func page() throws -> String {
        let json = try #require(
            try JSONSerialization.jsonObject(with: Data(RootCommand._dumpHelp().utf8)) as? [String: Any]
        )
        let root = try #require(json["command"] as? [String: Any])
        let commands = (root["subcommands"] as? [[String: Any]] ?? []).filter { $0["commandName"] as? String != "help" }
        return head + commands.map { section(of: $0, path: ["rtmanager"], level: 2) }.joined(separator: "\n")
    }

    private static func section(of command: [String: Any], path: [String], level: Int) -> String {
        let path = path + [command["commandName"] as? String ?? ""]
        var text = String(repeating: "#", count: level) + " " + path.joined(separator: " ") + "\n\n"
        // The exit codes are the same for all commands.
        let discussion = (command["discussion"] as? String ?? "").components(separatedBy: "Exit codes:")[0]
        let help = "\(command["abstract"] as? String ?? "")\n\n\(discussion)"
        text += "```text\n\(help.trimmingCharacters(in: .whitespacesAndNewlines))\n```\n\n"
        let arguments = (command["arguments"] as? [[String: Any]] ?? []).filter { argument in
            argument["shouldDisplay"] as? Bool ?? true && !["help", "version"].contains(name(of: argument))
        }
        if !arguments.isEmpty {
            text += "| argument | meaning | default |\n| --- | --- | --- |\n"
            text += arguments.map(row).joined() + "\n"
        }
        for child in command["subcommands"] as? [[String: Any]] ?? [] where child["commandName"] as? String != "help" {
            text += section(of: child, path: path, level: level + 1)
        }
        return text
    }

    private static func name(of argument: [String: Any]) -> String {
        (argument["preferredName"] as? [String: Any])?["name"] as? String ?? ""
    }

    private static func row(_ argument: [String: Any]) -> String {
        let value = argument["valueName"] as? String ?? ""
        let repeats = argument["isRepeating"] as? Bool == true ? " …" : ""
        let names = (argument["names"] as? [[String: Any]] ?? []).map { "--\($0["name"] as? String ?? "")" }
        let usage =
            switch argument["kind"] as? String {
            case "positional": "<\(value)>\(repeats)"
            case "flag": names.joined(separator: ", ")
            default: "\(names.joined(separator: ", ")) <\(value)>\(repeats)"
            }
        func cell(_ text: String) -> String { text.replacing("|", with: "\\|").replacing("\n", with: " ") }
        let initial = argument["defaultValue"] as? String
        return
            "| `\(cell(usage))` | \(cell(argument["abstract"] as? String ?? "")) | \(initial.map { "`\($0)`" } ?? "") |\n"
    }
}

@Suite("The reference of the command line")
struct CommandReferenceTests {
    private static let path = ContractSchemas.root.appending(path: "docs/reference/cli.md")

    /// With `RTM_TEST_WRITE=1`, this test writes the page.
    @Test("is the page that the commands give")
    func page() throws {
        let wanted = try CommandReference.page()
        if ProcessInfo.processInfo.environment["RTM_TEST_WRITE"] == "1" {
            try Data(wanted.utf8).write(to: Self.path)
            return
        }
        let present = try String(contentsOf: Self.path, encoding: .utf8)
        for (line, other) in zip(present.split(separator: "\n"), wanted.split(separator: "\n")) {
            #expect(line == other)
        }
        #expect(present == wanted, "RTM_TEST_WRITE=1 swift test --filter CommandReferenceTests writes the page anew")
    }

    @Test("has a heading for every command, and every flag of its help")
    func whole() throws {
        let page = try CommandReference.page()
        for words in HelpTests.commands {
            let heading = "# rtmanager \(words.joined(separator: " "))\n"
            let section = try #require(page.components(separatedBy: heading).last, "\(words)")
            #expect(page.contains(heading), "\(words)")
            let help = try helpText(words, columns: 400, includeHidden: false)
            for match in help.matches(of: #/(?m)^  (--[a-z-]+)/#) where !["--help", "--version"].contains(match.1) {
                #expect(section.contains(match.1), "\(words) \(match.1)")
            }
        }
    }
}
