import ArgumentParser
import Settings
import Terminal

/// `rtmanager doctor`
struct DoctorCommand: RunnableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Check everything that a worker needs, and say how to fix what is wrong.",
        discussion: """
            Use the settings of the worker. The doctor checks Redis, Docker, the network,
            the state folders and the clocks as the worker would. It changes nothing that
            lasts.

            Examples:
              rtmanager doctor
              rtmanager doctor --image registry.example/engine:1.4
              RTM_CONFIG=/etc/rtmanager.conf rtmanager doctor --output json

            \(ExitReason.help)
            """
    )

    static let audience = SettingDescriptor.Audience.worker

    @Option(
        help: ArgumentHelp(
            "Image to inspect, as a start would; may be given again.",
            valueName: "reference"
        )
    ) var image: [String] = []

    @OptionGroup var print: OutputFlags
    @OptionGroup(title: "Settings") var shared: SharedFlags
    @OptionGroup(title: "Settings of a worker") var flags: WorkerFlags

    var source: SettingsSource {
        .process(flags: shared.values.merging(flags.values) { first, _ in first }, gameEnvironment: flags.env.values)
    }

    func run(_ context: CommandContext) async throws(CommandError) {
        try await Actions.examine(images: image, print.output, context)
    }
}
