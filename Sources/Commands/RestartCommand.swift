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
            replaces that. The image is pulled before anything is stopped. The words after
            -- are the command line in the container, instead of --cmd.

            Examples:
              rtmanager restart lobby --wait
              rtmanager restart lobby --image registry.example/engine:1.5 --wait
              rtmanager restart lobby -- /engine --verbose
              rtmanager restart --match 'arena-*' --dry-run

            \(ExitReason.help)
            """
    )

    @OptionGroup var games: GameFlags
    @OptionGroup var job: JobFlags

    @Option(help: ArgumentHelp("Another image; without tag and digest: :latest.", valueName: "reference"))
    var image: String?

    @Option(help: ArgumentHelp("Seconds between SIGTERM and SIGKILL, 0 to 600. Default: 30.", valueName: "s"))
    var stopTimeout: Int?

    @OptionGroup(title: "The container") var container: ContainerFlags

    /// The words after `--`. ``RestartCommand/rewritten(_:)`` puts them here, because a command with many games cannot
    /// have another list of words.
    @Option(name: .customLong("command-word"), parsing: .unconditionalSingleValue, help: .private)
    var command: [String] = []

    @OptionGroup var shared: SharedFlags

    func validate() throws {
        if image?.isEmpty == true { throw ValidationError("--image must not be empty") }
        try require(stopTimeout, in: 0...600, flag: "--stop-timeout")
        try container.requireOneCommand(command)
        try requireSingle(games, job)
    }

    /// Returns the arguments of a call with the words after `--` of a restart as values of a flag.
    static func rewritten(_ arguments: [String]) -> [String] {
        guard arguments.first == "restart", let end = arguments.firstIndex(of: "--") else { return arguments }
        return arguments[..<end] + arguments[(end + 1)...].map { "--command-word=\($0)" }
    }

    /// Returns the job described by the arguments.
    func request(of game: GameID) -> JobRequest {
        var request = container.added(to: job.request(.restart, of: game), command: command)
        request.image = image
        request.stopTimeoutSeconds = stopTimeout
        return request
    }

    func run(_ context: CommandContext) async throws(CommandError) {
        try await context.enqueue(GameSelection(kind: .restart), games, job) { request(of: $0) }
    }

    var source: SettingsSource { .process(flags: shared.values) }
}
