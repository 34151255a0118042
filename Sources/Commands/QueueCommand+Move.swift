import ArgumentParser
import Settings
import Terminal

extension QueueCommand {
    /// `rtmanager queue move`
    struct Move: RunnableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Move the messages of a queue that no worker serves to the end of another queue.",
            discussion: """
                For the messages of a producer that has mistyped the name of its queue. The
                messages keep their order, and come behind those of the other queue. A move
                that ends early loses no message: the same command moves the rest.

                Jobs that a worker has taken in already are no messages any more, and stay.

                Examples:
                  rtmanager queue move defualt default --dry-run
                  rtmanager queue move defualt default

                \(ExitReason.help)
                """
        )

        @OptionGroup var move: QueueMove
        @OptionGroup var print: OutputFlags
        @OptionGroup var shared: SharedFlags

        func run(_ context: CommandContext) async throws(CommandError) {
            try await Actions.move(move, print.output, context)
        }

        var source: SettingsSource { .process(flags: shared.values) }
    }
}

/// The two queues of a move, and how careful it is.
struct QueueMove: ParsableArguments {
    @Argument(
        help: ArgumentHelp("The queue without a worker, as its producer wrote it.", valueName: "from"),
        completion: Completions.queuesWithoutWorker
    )
    var source: String

    @Argument(help: ArgumentHelp("The queue that gets the messages.", valueName: "to"), completion: Completions.queues)
    var target: String

    @Flag(help: "Show what would move, and do nothing.")
    var dryRun = false

    @Flag(help: "Do not ask, and move the messages also to a queue that no worker serves.")
    var yes = false

    func validate() throws {
        try QueueCommand.requireAnyName(source)
        if !SettingRule.word(target, "_.-", upTo: 64) {
            throw ValidationError("the queue \(quoted(target)) must be 1 to 64 of A-Z a-z 0-9 _ . -")
        }
        if source == target { throw ValidationError("the messages of \(quoted(source)) are in that queue already") }
    }
}
