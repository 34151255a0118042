import ArgumentParser
import Settings
import Terminal

/// `rtmanager dead`
struct DeadCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dead",
        abstract: "Show dead letters: rejected messages and failed jobs. Retry or drop them.",
        discussion: """
            Examples:
              rtmanager dead list
              rtmanager dead show job-17
              rtmanager dead retry job-17
              rtmanager dead drop 1795491264703-0
              rtmanager dead drop --all

            \(ExitReason.help)
            """,
        subcommands: [List.self, Show.self, Retry.self, Drop.self]
    )

    /// `rtmanager dead list`
    struct List: RunnableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show dead letters, the latest first.",
            discussion: ExitReason.help
        )

        @Option(help: ArgumentHelp("Largest number of rows, 1 to 10000.", valueName: "n"))
        var limit = 50

        @Option(help: ArgumentHelp("Output: text or json.", valueName: "format"))
        var output = OutputFormat.text

        @OptionGroup var shared: SharedFlags

        func validate() throws { try require(limit, in: 1...10_000, flag: "--limit") }

        func run(_ context: CommandContext) async throws(CommandError) {
            try await Actions.listDeadLetters(limit: limit, output, context)
        }

        var source: SettingsSource { .process(flags: shared.values) }
    }

    /// The name of a dead letter, and the output format.
    struct Name: ParsableArguments {
        @Argument(help: ArgumentHelp("Id of the job, or of the entry as `dead list` shows it.", valueName: "id"))
        var name: String

        @Option(help: ArgumentHelp("Output: text or json.", valueName: "format"))
        var output = OutputFormat.text
    }

    /// `rtmanager dead show`
    struct Show: RunnableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show one dead letter, with its whole message.",
            discussion: ExitReason.help
        )

        @OptionGroup var letter: Name
        @OptionGroup var shared: SharedFlags

        func run(_ context: CommandContext) async throws(CommandError) {
            try await Actions.showDeadLetter(letter.name, letter.output, context)
        }

        var source: SettingsSource { .process(flags: shared.values) }
    }

    /// `rtmanager dead retry`
    struct Retry: RunnableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Run the job again: same id, next run, behind the other jobs of its game, without its deadline.",
            discussion: ExitReason.help
        )

        @OptionGroup var letter: Name
        @OptionGroup var shared: SharedFlags

        func run(_ context: CommandContext) async throws(CommandError) {
            try await Actions.retryDeadLetter(letter.name, letter.output, context)
        }

        var source: SettingsSource { .process(flags: shared.values) }
    }

    /// `rtmanager dead drop`
    struct Drop: RunnableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Delete a dead letter. The job's result and its id stay known.",
            discussion: ExitReason.help
        )

        @Argument(help: ArgumentHelp("Id of the job, or of the entry as `dead list` shows it.", valueName: "id"))
        var name: String?

        @Flag(help: "All present dead letters.")
        var all = false

        @Option(help: ArgumentHelp("Output: text or json.", valueName: "format"))
        var output = OutputFormat.text

        @OptionGroup var shared: SharedFlags

        func validate() throws {
            guard all != (name != nil) else { throw ValidationError("give the id of one, or --all") }
        }

        func run(_ context: CommandContext) async throws(CommandError) {
            guard let name else { return try await Actions.dropAllDeadLetters(output, context) }
            try await Actions.dropDeadLetter(name, output, context)
        }

        var source: SettingsSource { .process(flags: shared.values) }
    }
}
