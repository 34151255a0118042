import ArgumentParser
import Testing

@testable import Commands
@testable import Terminal

/// A flag with a number: a call up to the flag, its bounds, and whether the help states the bounds.
struct NumberFlag: CustomTestStringConvertible, Sendable {
    var call: [String]
    var range: ClosedRange<Int>
    var isInHelp = true

    init(_ call: String, _ range: ClosedRange<Int>, isInHelp: Bool = true) {
        self.call = call.split(separator: " ").map(String.init)
        self.range = range
        self.isInHelp = isInHelp
    }

    var testDescription: String { call.joined(separator: " ") }
    var flag: String { call.last ?? "" }
    /// The words of the command, without arguments and flags.
    var command: [String] { Array(call.prefix(["dead", "queue", "worker"].contains(call[0]) ? 2 : 1)) }

    static let all = [
        NumberFlag("start g --image i --max-attempts", 1...20),
        NumberFlag("start g --image i --ready-timeout", 0...600),
        NumberFlag("start g --image i --pids", 1...4_194_304, isInHelp: false),
        NumberFlag("stop g --stop-timeout", 0...600), NumberFlag("stop g --max-attempts", 1...20),
        NumberFlag("stop g --wait --wait-timeout", 1...86_400), NumberFlag("remove g --stop-timeout", 0...600),
        NumberFlag("restart g --stop-timeout", 0...600), NumberFlag("restart g --ready-timeout", 0...600),
        NumberFlag("job j --search", 0...10_000_000), NumberFlag("history g --limit", 1...100_000),
        NumberFlag("history g --search", 1...10_000_000), NumberFlag("watch --last", 0...10_000),
        NumberFlag("watch --count", 1...1_000_000_000), NumberFlag("status --rows", 1...1_000),
        NumberFlag("status --interval", 1...3_600), NumberFlag("jobs --limit", 1...10_000),
        NumberFlag("game g --limit", 0...1_000), NumberFlag("worker list --limit", 1...10_000),
        NumberFlag("dead list --limit", 1...10_000), NumberFlag("queue peek q --limit", 1...1_000),
    ]
}

/// The first line that a call with these arguments prints to stderr; nil: the arguments are right.
private func complaint(_ arguments: [String]) -> String? {
    do {
        _ = try RootCommand.parseAsRoot(arguments)
        return nil
    } catch {
        let text = EntryPoint.message(for: error, ["rtmanager"] + arguments, RootCommand.self).text
        return text.split(separator: "\n").first.map(String.init)
    }
}

@Suite("Bounds and messages of flags")
struct FlagBoundsTests {
    @Test("the least and the most are taken; one less and one more are refused with both", arguments: NumberFlag.all)
    func bounds(_ flag: NumberFlag) {
        let (least, most) = (flag.range.lowerBound, flag.range.upperBound)
        for value in [least, most] { #expect(complaint(flag.call + ["\(value)"]) == nil, "\(value)") }
        // A value that begins with a dash looks like a flag.
        for value in [least - 1, most + 1] where value >= 0 {
            #expect(
                complaint(flag.call + ["\(value)"]) == "Error: \(flag.flag) \(value) must be from \(least) to \(most)"
            )
        }
        let notNumber = complaint(flag.call + ["1.5"])
        #expect(
            notNumber?.hasPrefix("Error: The value '1.5' is invalid for '\(flag.flag) <") == true,
            "\(notNumber ?? "")"
        )
    }

    @Test("the help states the bounds", arguments: NumberFlag.all.filter(\.isInHelp))
    func help(_ flag: NumberFlag) throws {
        let help = try helpText(flag.command, columns: 400)
        let lines = help.split(separator: "\n").map(String.init)
        let index = try #require(lines.firstIndex { $0.hasPrefix("  \(flag.flag) ") })
        #expect(lines[index].contains("\(flag.range.lowerBound) to \(flag.range.upperBound)"), "\(lines[index])")
    }

    /// Calls with wrong arguments, and the first line of the message.
    static let wrong: [(String, String)] = [
        ("start g --image ''", "Error: --image must not be empty"),
        ("restart g --image ''", "Error: --image must not be empty"),
        ("start g", "Error: Missing expected argument '--image <reference>'"),
        ("start G --image i", "Error: The value 'G' is invalid for '<game>'"),
        (
            "start g --image i --env 1A=x",
            "Error: --env \"1A\" must begin with a letter or _, then letters, digits and _"
        ),
        ("start g --image i --env A", "Error: The value 'A' is invalid for '--env <name=value>'"),
        (
            "start g --image i --memory 1.5g",
            "Error: --memory \"1.5g\" must be a whole number with a unit (512m, 2g), 6m or more"
        ),
        (
            "start g --image i --memory 5m",
            "Error: --memory \"5m\" must be a whole number with a unit (512m, 2g), 6m or more"
        ),
        ("start g --image i --cpus 0.001", "Error: --cpus 0.001 must be from 0.01 to 4096.0"),
        ("start g --image i --cmd a -- b", "Error: give the command by --cmd or after --, not both"),
        ("start g --image i --mount a:/b", "Error: The value 'a:/b' is invalid for '--mount <host:target[:ro]>'"),
        (
            "stop g --container-id abc",
            "Error: --container-id \"abc\" must be 64 hex digits, as docker ps --no-trunc shows them"
        ),
        (
            "stop g --id invalid:1",
            "Error: --id \"invalid:1\" must be 1 to 128 of A-Z a-z 0-9 . _ : - and must not begin with invalid:"
        ),
        ("stop g --queue a:b", "Error: --queue \"a:b\" must be 1 to 64 of A-Z a-z 0-9 _ . -"),
        ("stop g --wait-timeout 9", "Error: --wait-timeout needs --wait"),
        ("stop g --deadline tomorrow", "Error: The value 'tomorrow' is invalid for '--deadline <time>'"),
        ("stop g --unknown", "Error: Unknown option '--unknown'"),
        ("status --watsh", "Error: Unknown option '--watsh'. Did you mean '--watch'?"),
        ("status --bogus", "Error: Unknown option '--bogus'"), ("status -w", "Error: Unknown option '-w'"),
        ("status --json", "Error: Unknown option '--json'. Did you mean '--output json'?"),
        ("start g --imgae x", "Error: Unknown option '--imgae'. Did you mean '--image'?"),
        ("restart g --evn A=b", "Error: Unknown option '--evn'. Did you mean '--env'?"),
        ("dead list --cod=x", "Error: Unknown option '--cod'. Did you mean '--code'?"),
        ("worker --queue a", "Error: Unknown option '--queue'. Did you mean '--queues'?"),
        ("start g -- --watsh", "Error: Missing expected argument '--image <reference>'"),
        ("dead drop", "Error: give the ids of some, or choose by --code and --game, or --all"),
        ("dead drop x --all", "Error: give the ids of some, or choose by --code and --game, or --all"),
        ("dead retry --code x --all", "Error: give the ids of some, or choose by --code and --game, or --all"),
        ("stop", "Error: give the games, or choose them by --match and --node"),
        ("stop g --match x", "Error: give the games, or choose them by --match and --node"),
        ("stop --match X", "Error: The value 'X' is invalid for '--match <pattern>'"),
        ("stop g h --id x", "Error: --id needs a single game, because a second job with the same id never runs"),
        ("jobs --since 10", "Error: The value '10' is invalid for '--since <age>'"),
        ("jobs --after x", "Error: The value 'x' is invalid for '--after <position>'"),
        ("jobs --after dead:1-0 --before dead:2-0", "Error: --after and --before exclude each other"),
        (
            "jobs --state waiting --before dead:1-0",
            "Error: the position is of a dead job, which --state excludes"
        ), ("jobs --since 0m", "Error: The value '0m' is invalid for '--since <age>'"),
        ("queue pause a:b", "Error: the queue \"a:b\" must be 1 to 64 of A-Z a-z 0-9 _ . -"),
        ("node drain a/b", "Error: node \"a/b\" must be 1 to 128 of A-Z a-z 0-9 : _ . -"),
        ("watch --game G", "Error: The value 'G' is invalid for '--game <game>'"),
    ]

    @Test("a wrong argument gets its sentence", arguments: wrong)
    func sentences(call: String, message: String) {
        let first = complaint(call.split(separator: " ").map { $0 == "''" ? "" : String($0) })
        #expect(first == message)
    }

    @Test(
        "a choice lists its values",
        arguments: [
            ("start g --image i --pull-policy", "'if_missing', 'always' or 'never'"),
            ("status --output", "'text' and 'json'"), ("watch --only", "'results' and 'events'"),
        ]
    )
    func choices(call: String, values: String) {
        let first = complaint(call.split(separator: " ").map(String.init) + ["often"])
        #expect(first?.contains("The value 'often' is invalid") == true, "\(first ?? "")")
        #expect(first?.contains(values) == true, "\(first ?? "")")
    }

    @Test("control characters in an argument do not reach the message; a secret in a URL neither")
    func escaped() {
        let unknown = complaint(["--\u{1B}[2J"])
        #expect(unknown == #"Error: Unknown option '--\u001b[2J'"#)
        let url = complaint(["redis://u:hunter2@h"])
        #expect(url?.contains("hunter2") == false && url?.contains("redis://***@h") == true, "\(url ?? "")")
    }
}

/// The help of a command, such as `["dead", "list"]`.
func helpText(_ words: [String], columns: Int, includeHidden: Bool = true) throws -> String {
    var command: any ParsableCommand.Type = RootCommand.self
    for word in words {
        command = try #require(
            command.configuration.subcommands.first { ($0.configuration.commandName ?? $0._commandName) == word }
        )
    }
    return RootCommand.helpMessage(for: command, includeHidden: includeHidden, columns: columns)
}
