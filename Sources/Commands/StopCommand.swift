import ArgumentParser
import JobContract
import Primitives
import RuntimeClient
import Settings
import Terminal

/// `rtmanager stop`
struct StopCommand: RunnableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stop",
        abstract: "Push a job that stops a game's container.",
        discussion: """
            A start of the same game that waits or is under way is given up.

            Examples:
              rtmanager stop lobby --wait
              rtmanager stop lobby --stop-timeout 120 --wait --wait-timeout 180
              rtmanager stop arena-1 arena-2 --wait
              rtmanager stop --match 'arena-*' --node hostalpha --dry-run

            \(ExitReason.help)
            """
    )

    @OptionGroup var games: GameFlags
    @OptionGroup var job: JobFlags
    @OptionGroup var stopping: StopFlags
    @OptionGroup var shared: SharedFlags

    func validate() throws { try requireSingle(games, job) }

    /// Returns the job described by the arguments.
    func request(of game: GameID) -> JobRequest { stopping.added(to: job.request(.stop, of: game)) }

    func run(_ context: CommandContext) async throws(CommandError) {
        try await context.enqueue(GameSelection(kind: .stop), games, job) { request(of: $0) }
    }

    var source: SettingsSource { .process(flags: shared.values) }
}

/// `rtmanager remove`
struct RemoveCommand: RunnableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove",
        abstract: "Push a job that removes a game's container. Its state folder stays.",
        discussion: """
            Examples:
              rtmanager remove lobby --wait
              rtmanager remove lobby --force --wait
              rtmanager remove --match 'arena-*' --yes

            \(ExitReason.help)
            """
    )

    @OptionGroup var games: GameFlags
    @OptionGroup var job: JobFlags
    @OptionGroup var stopping: StopFlags

    @Flag(help: "Stop a running container first; without this flag a running container is refused.")
    var force = false

    @OptionGroup var shared: SharedFlags

    func validate() throws { try requireSingle(games, job) }

    /// Returns the job described by the arguments.
    func request(of game: GameID) -> JobRequest {
        var request = stopping.added(to: job.request(.remove, of: game))
        request.force = force
        return request
    }

    func run(_ context: CommandContext) async throws(CommandError) {
        let selection = GameSelection(kind: .remove, isForced: force)
        try await context.enqueue(selection, games, job) { request(of: $0) }
    }

    var source: SettingsSource { .process(flags: shared.values) }
}

/// The flags shared by `stop` and `remove`.
struct StopFlags: ParsableArguments {
    @Option(help: ArgumentHelp("Seconds between SIGTERM and SIGKILL, 0 to 600. Default: 30.", valueName: "s"))
    var stopTimeout: Int?

    @Option(help: ArgumentHelp("Only if this is still the game's container.", valueName: "id"))
    var containerID: String?

    func validate() throws {
        try require(stopTimeout, in: 0...600, flag: "--stop-timeout")
        try requireContainerID(containerID)
    }

    func added(to request: JobRequest) -> JobRequest {
        var request = request
        request.stopTimeoutSeconds = stopTimeout
        request.containerID = containerID.map { ContainerID($0) }
        return request
    }
}
