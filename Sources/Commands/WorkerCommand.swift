import ArgumentParser
import Settings
import Terminal

/// `rtmanager worker`
struct WorkerCommand: RunnableCommand {
    static let configuration = CommandConfiguration(
        commandName: "worker",
        abstract: "Run one worker until SIGTERM or SIGINT.",
        discussion: """
            Every setting is a flag, a variable of the environment and a line of the
            file that --config names; flags go before the environment, and that before
            the file. Docker is found as its own command line finds it: DOCKER_HOST,
            DOCKER_TLS_VERIFY, DOCKER_CERT_PATH.
            --help-hidden shows the flags that are rarely needed.

            Examples:
              rtmanager worker
              rtmanager worker --redis-url rediss://redis.example:6380 --slots 40
              rtmanager worker --queues urgent,default --env LOG=debug
              RTM_CONFIG=/etc/rtmanager.conf rtmanager worker --log-format json
              rtmanager worker list

            \(ExitReason.help)
            """,
        subcommands: [List.self]
    )

    static let audience = SettingDescriptor.Audience.worker

    @OptionGroup(title: "Settings") var shared: SharedFlags
    @OptionGroup(title: "Settings of a worker") var flags: WorkerFlags

    var source: SettingsSource {
        .process(flags: shared.values.merging(flags.values) { first, _ in first }, gameEnvironment: flags.env.values)
    }

    func run(_ context: CommandContext) async throws(CommandError) {
        try await Actions.runWorker(context.settings, logger: context.logger)
    }

    /// `rtmanager worker list`
    struct List: RunnableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show the workers of all nodes, those without a sign of life first.",
            discussion: ExitReason.help
        )

        @Option(help: ArgumentHelp("Largest number of rows, 1 to 10000.", valueName: "n"))
        var limit = 1_000

        @OptionGroup var print: OutputFlags
        @OptionGroup var shared: SharedFlags

        func validate() throws { try require(limit, in: 1...10_000, flag: "--limit") }

        func run(_ context: CommandContext) async throws(CommandError) {
            try await Actions.listWorkers(limit: limit, print.output, context)
        }

        var source: SettingsSource { .process(flags: shared.values) }
    }
}
