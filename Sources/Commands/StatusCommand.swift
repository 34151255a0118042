import JobContract
import ArgumentParser
import Settings
import Terminal

/// `rtmanager status`
struct StatusCommand: RunnableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show queues, nodes, running jobs and containers on one screen.",
        discussion: """
            What needs a look comes first: nodes that are silent, containers that are
            unhealthy or have exited. The screen is cut to its size; --output json has
            more. Nothing is changed.

            Examples:
              rtmanager status
              rtmanager status --output json

            \(ExitReason.help)
            """
    )

    @Option(help: ArgumentHelp("Rows of a table if stdout is no terminal, 1 to 1000.", valueName: "n"))
    var rows = 50

    @OptionGroup var print: OutputFlags
    @OptionGroup var shared: SharedFlags

    func validate() throws { try require(rows, in: 1...1_000, flag: "--rows") }

    func run(_ context: CommandContext) async throws(CommandError) {
        try await Actions.status(rows: rows, print.output, context)
    }

    var source: SettingsSource { .process(flags: shared.values) }
}

/// The flag for the output format of a command.
struct OutputFlags: ParsableArguments {
    @Option(help: ArgumentHelp("Output: text or json.", valueName: "format"))
    var output = OutputFormat.text
}

/// `rtmanager node`
struct NodeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "node",
        abstract: "Show nodes, and take them out of service.",
        discussion: """
            Examples:
              rtmanager node list
              rtmanager node drain UDBL:7OIH
              rtmanager node resume UDBL:7OIH

            \(ExitReason.help)
            """,
        subcommands: [List.self, Drain.self, Resume.self]
    )

    /// `rtmanager node list`
    struct List: RunnableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show every node, those with problems first.",
            discussion: ExitReason.help
        )

        @OptionGroup var print: OutputFlags
        @OptionGroup var shared: SharedFlags

        func run(_ context: CommandContext) async throws(CommandError) {
            try await Actions.listNodes(print.output, context)
        }

        var source: SettingsSource { .process(flags: shared.values) }
    }

    /// The id of a node, as an argument.
    struct Name: ParsableArguments {
        @Argument(help: ArgumentHelp("Id of the node, as `node list` shows it.", valueName: "node"))
        var node: String

        func validate() throws {
            guard SettingRule.word(node, ":_.-", upTo: 128) else {
                throw ValidationError("node \(quoted(node)) must be 1 to 128 of A-Z a-z 0-9 : _ . -")
            }
        }
    }

    /// `rtmanager node drain`
    struct Drain: RunnableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Begin no start or restart on a node. Its games run on, and can be stopped and removed.",
            discussion: ExitReason.help
        )

        @OptionGroup var name: Name
        @OptionGroup var print: OutputFlags
        @OptionGroup var shared: SharedFlags

        func run(_ context: CommandContext) async throws(CommandError) {
            try await Actions.drain(NodeID(name.node), print.output, context)
        }

        var source: SettingsSource { .process(flags: shared.values) }
    }

    /// `rtmanager node resume`
    struct Resume: RunnableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Begin starts on a node again, within a second.",
            discussion: ExitReason.help
        )

        @OptionGroup var name: Name
        @OptionGroup var print: OutputFlags
        @OptionGroup var shared: SharedFlags

        func run(_ context: CommandContext) async throws(CommandError) {
            try await Actions.resumeNode(NodeID(name.node), print.output, context)
        }

        var source: SettingsSource { .process(flags: shared.values) }
    }
}
