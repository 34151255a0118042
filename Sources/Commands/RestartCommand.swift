import ArgumentParser
import JobContract
import RuntimeClient
import Settings
import Terminal

/// `rtmanager restart`
struct RestartCommand: RunnableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restart",
        abstract: "Push a job that stops, removes and starts a game's container.",
        discussion: """
            It starts what the game's last successful start asked for; what is given here
            replaces that. The image is pulled before anything is stopped.

            Examples:
              rtmanager restart lobby --wait
              rtmanager restart lobby --image registry.example/engine:1.5 --wait

            \(ExitReason.help)
            """
    )

    @OptionGroup var job: JobFlags

    @Option(help: ArgumentHelp("Another image; without tag and digest: :latest.", valueName: "reference"))
    var image: String?

    @Option(help: ArgumentHelp("Seconds between SIGTERM and SIGKILL, 0 to 600. Default: 30.", valueName: "s"))
    var stopTimeout: Int?

    @OptionGroup(title: "The container") var container: ContainerFlags
    @OptionGroup var shared: SharedFlags

    func validate() throws {
        if image?.isEmpty == true { throw ValidationError("--image must not be empty") }
        try require(stopTimeout, in: 0...600, flag: "--stop-timeout")
    }

    /// The job described by the arguments.
    var request: JobRequest {
        var request = container.added(to: job.request(.restart))
        request.image = image
        request.stopTimeoutSeconds = stopTimeout
        return request
    }

    func run(_ context: CommandContext) async throws(CommandError) {
        try await context.enqueue(request, job)
    }

    var source: SettingsSource { .process(flags: shared.values) }
}
