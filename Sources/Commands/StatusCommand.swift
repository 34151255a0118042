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
              rtmanager status --watch
              rtmanager status --output json

            \(ExitReason.help)
            """
    )

    @Option(help: ArgumentHelp("Rows of a table if stdout is no terminal, 1 to 1000.", valueName: "n"))
    var rows = 50

    @Flag(help: "Show it again and again, until SIGINT or SIGTERM.")
    var watch = false

    @Option(help: ArgumentHelp("Seconds between two looks with --watch, 1 to 3600.", valueName: "s"))
    var interval = 2

    @OptionGroup var print: OutputFlags
    @OptionGroup var shared: SharedFlags

    func validate() throws {
        try require(rows, in: 1...1_000, flag: "--rows")
        try require(interval, in: 1...3_600, flag: "--interval")
    }

    func run(_ context: CommandContext) async throws(CommandError) {
        if watch {
            return try await Actions.watchStatus(every: .seconds(interval), rows: rows, print.output, context)
        }
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
              rtmanager node games UDBL:7OIH
              rtmanager node drain UDBL:7OIH --wait
              rtmanager node resume UDBL:7OIH
              rtmanager node forget UDBL:7OIH --yes

            \(ExitReason.help)
            """,
        subcommands: [List.self, Games.self, Drain.self, Resume.self, Forget.self]
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
        @Argument(
            help: ArgumentHelp(
                "Id of the node, or its first 4 characters or more, as tables show them before …",
                valueName: "node"
            ),
            completion: Completions.nodes
        )
        var node: String

        func validate() throws {
            guard SettingRule.word(node, ":_.-", upTo: 128) else {
                throw ValidationError("node \(quoted(node)) must be 1 to 128 of A-Z a-z 0-9 : _ . -")
            }
        }
    }

    /// `rtmanager node games`
    struct Games: RunnableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show the containers of a node, those with problems first.",
            discussion: ExitReason.help
        )

        @OptionGroup var name: Name
        @OptionGroup var print: OutputFlags
        @OptionGroup var shared: SharedFlags

        func run(_ context: CommandContext) async throws(CommandError) {
            try await Actions.listGames(of: NodeID(name.node), print.output, context)
        }

        var source: SettingsSource { .process(flags: shared.values) }
    }

    /// `rtmanager node drain`
    struct Drain: RunnableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Begin no start or restart on a node. Its games run on, and can be stopped and removed.",
            discussion: ExitReason.help
        )

        @OptionGroup var name: Name

        @Flag(help: "Wait until no job runs on the node.")
        var wait = false

        @Option(help: ArgumentHelp("Longest wait, in seconds, 1 to 86400. Default with --wait: 300.", valueName: "s"))
        var waitTimeout: Int?

        @OptionGroup var print: OutputFlags
        @OptionGroup var shared: SharedFlags

        func validate() throws { try requireWait(wait, waitTimeout) }

        func run(_ context: CommandContext) async throws(CommandError) {
            let waiting = longestWait(wait, waitTimeout)
            try await Actions.drain(NodeID(name.node), waiting: waiting, print.output, context)
        }

        var source: SettingsSource { .process(flags: shared.values) }
    }

    /// `rtmanager node forget`
    struct Forget: RunnableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Forget a lost node for good: publish the ends of its containers, and forget its games.",
            discussion: """
                For a host that will not come back. If it does come back, it stops the forgotten games before it takes a
                job.

                \(ExitReason.help)
                """
        )

        @OptionGroup var name: Name

        @Flag(help: "Do not ask before forgetting the node.")
        var yes = false

        @OptionGroup var print: OutputFlags
        @OptionGroup var shared: SharedFlags

        func run(_ context: CommandContext) async throws(CommandError) {
            try await Actions.forget(NodeID(name.node), isAgreed: yes, print.output, context)
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
