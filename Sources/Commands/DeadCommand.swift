import ArgumentParser
import QueueAdmin
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
              rtmanager dead list --code image_pull_failed --since 1h
              rtmanager dead retry --game 'arena-*' --dry-run
              rtmanager dead drop --all --yes

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

        @Option(help: ArgumentHelp("Only letters with this error code, such as image_pull_failed.", valueName: "code"))
        var code: String?

        @Option(
            help: ArgumentHelp("Only letters of games like this; * is any text, ? one character.", valueName: "pattern")
        )
        var game: GamePattern?

        @Option(help: ArgumentHelp("Only letters of this queue.", valueName: "name"), completion: Completions.queues)
        var queue: String?

        @Option(help: ArgumentHelp("Only letters that died since then, as 30s, 10m, 2h or 7d.", valueName: "age"))
        var since: AgeArgument?

        @OptionGroup var print: OutputFlags
        @OptionGroup var shared: SharedFlags

        func validate() throws { try require(limit, in: 1...10_000, flag: "--limit") }

        func run(_ context: CommandContext) async throws(CommandError) {
            var filter = JobFilter()
            filter.states = [.dead]
            (filter.code, filter.game, filter.queue) = (code, game?.pattern, queue)
            try await Actions.listDeadLetters(filter, since: since, limit: limit, print.output, context)
        }

        var source: SettingsSource { .process(flags: shared.values) }
    }

    /// The name of a dead letter, and the output format.
    struct Name: ParsableArguments {
        @Argument(
            help: ArgumentHelp("Id of the job, or of the entry as `dead list` shows it.", valueName: "id"),
            completion: Completions.deadLetters
        )
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
            abstract: "Run jobs again: same id, next run, behind the other jobs of the game, without the deadline.",
            discussion: ExitReason.help
        )

        @OptionGroup var letters: LetterFlags
        @OptionGroup var print: OutputFlags
        @OptionGroup var shared: SharedFlags

        func run(_ context: CommandContext) async throws(CommandError) {
            try await Actions.act(.retry, on: letters, print.output, context)
        }

        var source: SettingsSource { .process(flags: shared.values) }
    }

    /// `rtmanager dead drop`
    struct Drop: RunnableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Delete dead letters. The results and ids of the jobs stay known.",
            discussion: ExitReason.help
        )

        @OptionGroup var letters: LetterFlags
        @OptionGroup var print: OutputFlags
        @OptionGroup var shared: SharedFlags

        func run(_ context: CommandContext) async throws(CommandError) {
            try await Actions.act(.drop, on: letters, print.output, context)
        }

        var source: SettingsSource { .process(flags: shared.values) }
    }
}
