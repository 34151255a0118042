import ArgumentParser
import Settings
import Terminal

/// `rtmanager demo`
struct DemoCommand: RunnableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Show the whole story on this machine, on a private Redis, against the local Docker Engine.",
        discussion: ExitReason.help
    )

    @Option(help: ArgumentHelp("How it is told: text or json.", valueName: "format"))
    var output = OutputFormat.text

    @OptionGroup var shared: SharedFlags

    var source: SettingsSource { .process(flags: shared.values) }

    func run(_ context: CommandContext) async throws(CommandError) {
        try await Actions.runDemo(output: output, settings: context.settings, logger: context.logger)
    }
}
