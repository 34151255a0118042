import ArgumentParser
import JobContract
import RuntimeClient
import Settings
import Terminal

/// `rtmanager start`
struct StartCommand: RunnableCommand {
    static let configuration = CommandConfiguration(
        commandName: "start",
        abstract: "Push a job that starts a game's container.",
        discussion: """
            Examples:
              rtmanager start lobby --image registry.example/engine:1.4 --wait
              rtmanager start arena-7 --image engine --env MODE=ranked --memory 1g --cpus 2
              rtmanager start test --image busybox -- sh -c 'sleep 600'

            \(ExitReason.help)
            """
    )

    @OptionGroup var target: GameFlag
    @OptionGroup var job: JobFlags

    @Option(help: ArgumentHelp("Image; without tag and digest: :latest.", valueName: "reference"))
    var image: String

    @OptionGroup(title: "The container") var container: ContainerFlags

    @Argument(
        parsing: .postTerminator,
        help: ArgumentHelp("After --: the whole command line in the container, instead of --cmd.", valueName: "command")
    ) var command: [String] = []

    @OptionGroup var shared: SharedFlags

    func validate() throws {
        if image.isEmpty { throw ValidationError("--image must not be empty") }
        try container.requireOneCommand(command)
    }

    /// The job described by the arguments.
    var request: JobRequest {
        var request = container.added(to: job.request(.start, of: target.game.id), command: command)
        request.image = image
        return request
    }

    func run(_ context: CommandContext) async throws(CommandError) {
        try await context.enqueue(request, job)
    }

    var source: SettingsSource { .process(flags: shared.values) }
}
