import ArgumentParser
import Settings
import Terminal

/// `rtmanager demo`
struct DemoCommand: RunnableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Show the lifecycle of some games, on a private Redis and the local Docker Engine.",
        discussion: ExitReason.help
    )

    @Flag(help: "Go on after the story until Ctrl-C, with the console and commands to try.")
    var stay = false

    @Option(help: ArgumentHelp("Output: text or json.", valueName: "format"))
    var output = OutputFormat.text

    @OptionGroup var shared: SharedFlags

    var source: SettingsSource { .process(flags: shared.values) }

    func run(_ context: CommandContext) async throws(CommandError) {
        try await Actions.runDemo(stays: stay, output: output, logger: context.logger)
    }
}
