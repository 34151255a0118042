import ArgumentParser
import Settings
import Terminal

/// `rtmanager top`
struct TopCommand: RunnableCommand {
    static let configuration = CommandConfiguration(
        commandName: "top",
        abstract: "Show jobs, games, queues and nodes on the whole screen, live, and act on them.",
        discussion: """
            Keys: 1 to 4 or Tab choose a list, Up and Down a row. / keeps the rows with a
            text. Enter shows a job or a game, the jobs of a queue, or the games of a node.
            r retries and d drops a dead job. p pauses or resumes a queue, and drains or
            resumes a node. q ends. Each change is asked for.

            Examples:
              rtmanager top

            \(ExitReason.help)
            """
    )

    @OptionGroup var shared: SharedFlags

    func run(_ context: CommandContext) async throws(CommandError) {
        try await Actions.top(context)
    }

    var source: SettingsSource { .process(flags: shared.values) }
}
