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

    @Option(help: ArgumentHelp("Output: text or json.", valueName: "format"))
    var output = OutputFormat.text

    @OptionGroup var shared: SharedFlags

    var source: SettingsSource { .process(flags: shared.values) }

    func run(_ context: CommandContext) async throws(CommandError) {
        try await Actions.runDemo(output: output, settings: context.settings, logger: context.logger)
    }
}
