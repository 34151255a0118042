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

            \(ExitReason.help)
            """
    )

    @OptionGroup var job: JobFlags
    @OptionGroup var stopping: StopFlags
    @OptionGroup var shared: SharedFlags

    /// The job described by the arguments.
    var request: JobRequest { stopping.added(to: job.request(.stop)) }

    func run(_ context: CommandContext) async throws(CommandError) {
        try await context.enqueue(request, job)
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

            \(ExitReason.help)
            """
    )

    @OptionGroup var job: JobFlags
    @OptionGroup var stopping: StopFlags

    @Flag(help: "Stop a running container first; without this flag a running container is refused.")
    var force = false

    @OptionGroup var shared: SharedFlags

    /// The job described by the arguments.
    var request: JobRequest {
        var request = stopping.added(to: job.request(.remove))
        request.force = force
        return request
    }

    func run(_ context: CommandContext) async throws(CommandError) {
        try await context.enqueue(request, job)
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
