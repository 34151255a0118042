import ArgumentParser
import QueueAdmin

/// The dead letters that a command acts on.
struct LetterFlags: ParsableArguments {
    @Argument(
        help: ArgumentHelp(
            "Ids of jobs, of at least their first 8 characters, or of entries as `dead list` shows them.",
            valueName: "id"
        ),
        completion: Completions.deadLetters
    )
    var names: [String] = []

    @Flag(help: "All present dead letters.")
    var all = false

    @Option(help: ArgumentHelp("All letters with this error code, such as image_pull_failed.", valueName: "code"))
    var code: String?

    @Option(help: ArgumentHelp("All letters of games like this; * is any text, ? one character.", valueName: "pattern"))
    var game: GamePattern?

    @Flag(help: "Show which letters it would be, and do nothing.")
    var dryRun = false

    @Flag(help: "Do not ask before acting on the letters of --all, --code or --game.")
    var yes = false

    func validate() throws {
        let isFilter = code != nil || game != nil
        guard [!names.isEmpty, all, isFilter].count(where: { $0 }) == 1 else {
            throw ValidationError("give the ids of some, or choose by --code and --game, or --all")
        }
    }

    /// The choice of letters, unless they are named.
    var filter: JobFilter {
        var filter = JobFilter()
        filter.states = [.dead]
        filter.code = code
        filter.game = game?.pattern
        return filter
    }
}
