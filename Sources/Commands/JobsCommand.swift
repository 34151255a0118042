import ArgumentParser
import JobContract
import QueueAdmin
import Settings
import Terminal

/// `rtmanager jobs`
struct JobsCommand: RunnableCommand {
    static let configuration = CommandConfiguration(
        commandName: "jobs",
        abstract: "List jobs: those that retry, run, wait or are dead, each with the reason.",
        discussion: """
            Without flags the list has jobs of every state. Ended jobs that are not dead
            are in `rtmanager history`.

            A list that is longer than --limit ends with the flags of the next part. A
            position stays the same while other jobs come and go.

            Examples:
              rtmanager jobs
              rtmanager jobs --state retrying --state dead
              rtmanager jobs --game 'arena-*' --since 10m
              rtmanager jobs --state waiting --queue urgent --output json

            \(ExitReason.help)
            """
    )

    @OptionGroup var choice: JobFilterFlags

    @Option(help: ArgumentHelp("Largest number of jobs of each state, 1 to 10000.", valueName: "n"))
    var limit = 50

    @Option(help: ArgumentHelp("Only jobs later than this position, of its state.", valueName: "position"))
    var after: JobPosition?

    @Option(help: ArgumentHelp("Only jobs earlier than this position, of its state.", valueName: "position"))
    var before: JobPosition?

    @OptionGroup var print: OutputFlags
    @OptionGroup var shared: SharedFlags

    func validate() throws {
        try requirePart(limit: limit, after: after, before: before)
        guard let state = part.position?.state, !choice.state.isEmpty, !choice.state.contains(state) else { return }
        throw ValidationError("the position is of a \(state.rawValue) job, which --state excludes")
    }

    private var part: JobListPart { after.map { .after($0) } ?? before.map { .before($0) } ?? .begin }

    func run(_ context: CommandContext) async throws(CommandError) {
        try await Actions.listJobs(choice, part: part, limit: limit, print.output, context)
    }

    var source: SettingsSource { .process(flags: shared.values) }
}

/// The flags that choose jobs for a list.
struct JobFilterFlags: ParsableArguments {
    @Option(help: ArgumentHelp("Only jobs of this state; may be given again.", valueName: "state"))
    var state: [ListedState] = []

    @Option(help: ArgumentHelp("Only jobs of games like this; * is any text, ? one character.", valueName: "pattern"))
    var game: GamePattern?

    @Option(help: ArgumentHelp("Only jobs of this queue.", valueName: "name"), completion: Completions.queues)
    var queue: String?

    @Option(
        help: ArgumentHelp("Only jobs on this node, or of its games.", valueName: "node"),
        completion: Completions.nodes
    )
    var node: String?

    @Option(help: ArgumentHelp("Only jobs with this error code, such as image_pull_failed.", valueName: "code"))
    var code: String?

    @Option(help: ArgumentHelp("Only jobs with a step since then, as 30s, 10m, 2h or 7d.", valueName: "age"))
    var since: AgeArgument?

    /// Returns the filter.
    ///
    /// - Parameters:
    ///   - node: The whole id of the node.
    ///   - now: The time of Redis in ms since 1970.
    func filter(node: NodeID?, now: Int64) -> JobFilter {
        var filter = JobFilter()
        if !state.isEmpty { filter.states = Set(state) }
        filter.game = game?.pattern
        filter.queue = queue
        filter.node = node
        filter.code = code
        filter.since = since.map { now - $0.milliseconds }
        return filter
    }
}

extension ListedState: ExpressibleByArgument {}

extension JobPosition: ExpressibleByArgument {
    /// Reads the position that `rtmanager jobs` prints.
    package init?(argument: String) { self.init(argument) }
}

/// `rtmanager game`
struct GameCommand: RunnableCommand {
    static let configuration = CommandConfiguration(
        commandName: "game",
        abstract: "Show everything about a game: container, node, jobs, latest history.",
        discussion: """
            Examples:
              rtmanager game lobby
              rtmanager game lobby --output json

            \(ExitReason.help)
            """
    )

    @Argument(
        help: "The game: 1 to 51 of a-z 0-9 -, a letter or digit first and last.",
        completion: Completions.games
    )
    var game: GameArgument

    @Option(help: ArgumentHelp("Latest results and events to show, 0 to 1000.", valueName: "n"))
    var limit = 10

    @OptionGroup var print: OutputFlags
    @OptionGroup var shared: SharedFlags

    func validate() throws { try require(limit, in: 0...1_000, flag: "--limit") }

    func run(_ context: CommandContext) async throws(CommandError) {
        try await Actions.showGame(game.id, limit: limit, print.output, context)
    }

    var source: SettingsSource { .process(flags: shared.values) }
}
