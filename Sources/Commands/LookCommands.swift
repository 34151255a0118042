import ArgumentParser
import JobContract
import RuntimeClient
import Settings
import Terminal

/// `rtmanager job`
struct JobCommand: RunnableCommand {
    static let configuration = CommandConfiguration(
        commandName: "job",
        abstract: "Show everything about a job: state, attempts, result, events.",
        discussion: """
            Examples:
              rtmanager job job-17
              rtmanager job 4cca044b
              rtmanager job job-17 --output json

            \(ExitReason.help)
            """
    )

    @Argument(
        help: ArgumentHelp("Id of the job, or its first 8 characters or more.", valueName: "id"),
        completion: Completions.jobs
    )
    var id: String

    @Option(help: ArgumentHelp("Entries of the event stream to search, 0 to 10000000.", valueName: "n"))
    var search = 50_000

    @OptionGroup var print: OutputFlags
    @OptionGroup var shared: SharedFlags

    func validate() throws { try require(search, in: 0...10_000_000, flag: "--search") }

    func run(_ context: CommandContext) async throws(CommandError) {
        try await Actions.showJob(JobID(id), search: search, print.output, context)
    }

    var source: SettingsSource { .process(flags: shared.values) }
}

/// `rtmanager history`
struct HistoryCommand: RunnableCommand {
    static let configuration = CommandConfiguration(
        commandName: "history",
        abstract: "Show the results and events of a game, in order.",
        discussion: """
            Examples:
              rtmanager history lobby
              rtmanager history lobby --limit 500 --search 1000000

            \(ExitReason.help)
            """
    )

    @Argument(
        help: "The game: 1 to 51 of a-z 0-9 -, a letter or digit first and last.",
        completion: Completions.games
    )
    var game: GameArgument

    @Option(help: ArgumentHelp("Latest results and events to show, 1 to 100000.", valueName: "n"))
    var limit = 100

    @Option(help: ArgumentHelp("Entries of each stream to search, 1 to 10000000.", valueName: "n"))
    var search = 100_000

    @OptionGroup var print: OutputFlags
    @OptionGroup var shared: SharedFlags

    func validate() throws {
        try require(limit, in: 1...100_000, flag: "--limit")
        try require(search, in: 1...10_000_000, flag: "--search")
    }

    func run(_ context: CommandContext) async throws(CommandError) {
        try await Actions.history(of: game.id, limit: limit, search: search, print.output, context)
    }

    var source: SettingsSource { .process(flags: shared.values) }
}

/// `rtmanager watch`
struct WatchCommand: RunnableCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch",
        abstract: "Follow results and events, one line each, until SIGINT or SIGTERM.",
        discussion: """
            The command reads the streams without a group, so it takes nothing from
            consumers. After an outage of Redis it goes on by itself.

            Examples:
              rtmanager watch
              rtmanager watch --game lobby --last 20
              rtmanager watch --only events --output json

            \(ExitReason.help)
            """
    )

    @Option(help: ArgumentHelp("Only this game.", valueName: "game"), completion: Completions.games)
    var game: GameArgument?

    @Option(help: ArgumentHelp("Only this stream: results or events.", valueName: "stream"))
    var only: StreamArgument?

    @Option(help: ArgumentHelp("Begin with the latest entries of each stream, 0 to 10000.", valueName: "n"))
    var last = 0

    @Option(help: ArgumentHelp("End after this number of lines, 1 to 1000000000.", valueName: "n"))
    var count: Int?

    @OptionGroup var print: OutputFlags
    @OptionGroup var shared: SharedFlags

    func validate() throws {
        try require(last, in: 0...10_000, flag: "--last")
        try require(count, in: 1...1_000_000_000, flag: "--count")
    }

    /// The choice in the arguments.
    var choice: Actions.WatchChoice {
        Actions.WatchChoice(
            streams: only.map { $0 == .results ? [.results] : [.events] } ?? PublicStream.allCases,
            game: game?.id,
            last: last,
            count: count
        )
    }

    func run(_ context: CommandContext) async throws(CommandError) {
        try await Actions.watch(choice, print.output, context)
    }

    var source: SettingsSource { .process(flags: shared.values) }
}

/// A public stream.
enum StreamArgument: String, ExpressibleByArgument, CaseIterable, Sendable {
    case results, events
}
