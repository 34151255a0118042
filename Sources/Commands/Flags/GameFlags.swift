import ArgumentParser
import JobContract
import Settings

/// The game of a command that acts on a single game.
struct GameFlag: ParsableArguments {
    @Argument(
        help: "The game: 1 to 51 of a-z 0-9 -, a letter or digit first and last.",
        completion: Completions.games
    )
    var game: GameArgument
}

/// The games of a command that acts on one game or many.
struct GameFlags: ParsableArguments {
    @Argument(
        help: ArgumentHelp("The games: 1 to 51 of a-z 0-9 -, a letter or digit first and last.", valueName: "game"),
        completion: Completions.games
    )
    var games: [GameArgument] = []

    @Option(
        help: ArgumentHelp(
            "All games like this with a container; * is any text, ? one character.",
            valueName: "pattern"
        )
    )
    var match: GamePattern?

    @Option(
        help: ArgumentHelp("All games with a container on this node.", valueName: "node"),
        completion: Completions.nodes
    )
    var node: String?

    @Flag(help: "Show which games it would be, and do nothing.")
    var dryRun = false

    @Flag(help: "Do not ask before acting on the games of --match or --node.")
    var yes = false

    func validate() throws {
        let isChoice = match != nil || node != nil
        guard games.isEmpty == isChoice else {
            throw ValidationError("give the games, or choose them by --match and --node")
        }
    }

    /// The game, if the arguments name a single one to act on.
    var single: GameID? { games.count == 1 && !dryRun ? games[0].id : nil }
}
