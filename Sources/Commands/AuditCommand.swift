import ArgumentParser
import QueueAdmin
import Settings
import Terminal

/// `rtmanager audit`
struct AuditCommand: RunnableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "Show what people have done with the console and the command line, the newest first.",
        discussion: """
            Redis keeps about 10,000 actions. A list that is longer than --limit ends with
            the flags of the older part.

            Examples:
              rtmanager audit
              rtmanager audit --limit 500 --output json
              rtmanager audit --before 1795491264703-0

            \(ExitReason.help)
            """
    )

    @Option(help: ArgumentHelp("Largest number of actions, 1 to 10000.", valueName: "n"))
    var limit = 50

    @Option(help: ArgumentHelp("Only actions older than this entry.", valueName: "entry"))
    var before: EntryArgument?

    @Option(help: ArgumentHelp("Only actions newer than this entry.", valueName: "entry"))
    var after: EntryArgument?

    @OptionGroup var print: OutputFlags
    @OptionGroup var shared: SharedFlags

    func validate() throws {
        try requirePart(limit: limit, after: after, before: before)
    }

    private var part: StreamPart { after.map { .after($0.id) } ?? before.map { .before($0.id) } ?? .latest }

    func run(_ context: CommandContext) async throws(CommandError) {
        try await Actions.listAudit(part, limit: limit, print.output, context)
    }

    var source: SettingsSource { .process(flags: shared.values) }
}

/// The id of an entry on a stream, such as `1795491264703-0`.
struct EntryArgument: ExpressibleByArgument, Sendable, Equatable {
    var id: String

    init?(argument: String) {
        guard StreamPart.isEntry(argument) else { return nil }
        id = argument
    }
}
