import ArgumentParser
import Settings
import Terminal

/// `rtmanager queue`
struct QueueCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "queue",
        abstract: "Show, pause and resume queues. Show and move their waiting messages.",
        discussion: """
            Examples:
              rtmanager queue list
              rtmanager queue pause default
              rtmanager queue peek default --limit 3
              rtmanager queue resume default
              rtmanager queue move defualt default --dry-run

            \(ExitReason.help)
            """,
        subcommands: [List.self, Pause.self, Resume.self, Peek.self, Move.self]
    )

    /// `rtmanager queue list`
    struct List: RunnableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show every queue that workers serve, that holds messages, or that is paused.",
            discussion: ExitReason.help
        )

        @OptionGroup var print: OutputFlags
        @OptionGroup var shared: SharedFlags

        func run(_ context: CommandContext) async throws(CommandError) {
            try await Actions.listQueues(print.output, context)
        }

        var source: SettingsSource { .process(flags: shared.values) }
    }

    /// The name of a queue, and the output format.
    struct Name: ParsableArguments {
        @Argument(help: "Name of the queue.", completion: Completions.queues) var name: String

        @Option(help: ArgumentHelp("Output: text or json.", valueName: "format"))
        var output = OutputFormat.text

        func validate() throws {
            if !SettingRule.word(name, "_.-", upTo: 64) {
                throw ValidationError("the queue \(quoted(name)) must be 1 to 64 of A-Z a-z 0-9 _ . -")
            }
        }
    }

    /// The greatest length of the name of a queue without a worker, in bytes. The name may have any characters, because a
    /// producer may have mistyped it.
    static let longestName = 1_024

    static func requireAnyName(_ name: String) throws {
        if name.isEmpty || name.utf8.count > longestName {
            throw ValidationError("the queue \(quoted(name)) must be 1 to \(longestName) bytes")
        }
    }

    /// `rtmanager queue pause`
    struct Pause: RunnableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Take no more jobs from a queue. Running jobs go on, and pushed jobs wait.",
            discussion: ExitReason.help
        )

        @OptionGroup var queue: Name

        @Flag(help: "Pause the queue even if no worker has ever served it.")
        var force = false

        @OptionGroup var shared: SharedFlags

        func run(_ context: CommandContext) async throws(CommandError) {
            try await Actions.pause(queue.name, isForced: force, queue.output, context)
        }

        var source: SettingsSource { .process(flags: shared.values) }
    }

    /// `rtmanager queue resume`
    struct Resume: RunnableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Take jobs from a queue again.",
            discussion: ExitReason.help
        )

        @OptionGroup var queue: Name
        @OptionGroup var shared: SharedFlags

        func run(_ context: CommandContext) async throws(CommandError) {
            try await Actions.resume(queue.name, queue.output, context)
        }

        var source: SettingsSource { .process(flags: shared.values) }
    }

    /// `rtmanager queue peek`
    struct Peek: RunnableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show the oldest waiting messages of a queue. Nothing changes.",
            discussion: ExitReason.help
        )

        @Argument(help: "Name of the queue.", completion: Completions.queues) var name: String

        @Option(help: ArgumentHelp("Output: text or json.", valueName: "format"))
        var output = OutputFormat.text

        @Option(help: ArgumentHelp("Largest number of rows, 1 to 1000.", valueName: "n"))
        var limit = 10

        @OptionGroup var shared: SharedFlags

        func validate() throws {
            try QueueCommand.requireAnyName(name)
            try require(limit, in: 1...1_000, flag: "--limit")
        }

        func run(_ context: CommandContext) async throws(CommandError) {
            try await Actions.peek(name, limit: limit, output, context)
        }

        var source: SettingsSource { .process(flags: shared.values) }
    }
}
