import JobContract

/// A job that the demo pushes. The demo pushes JSON as a producer in any language would.
struct DemoJob: Sendable, Equatable {
    var id: String
    var kind: String
    var game: GameID
    var json: String

    /// A start.
    ///
    /// - Parameter command: The command in the container; empty: the image's own.
    static func start(_ id: String, _ game: GameID, image: String, command: [String] = []) -> DemoJob {
        let words = command.map { "\"\($0)\"" }.joined(separator: ",")
        let cmd = words.isEmpty ? "" : #","cmd":[\#(words)]"#
        return DemoJob(
            id: id,
            kind: "start",
            game: game,
            json: #"{"v":1,"id":"\#(id)","kind":"start","game_id":"\#(game)","image":"\#(image)"\#(cmd)}"#
        )
    }

    static func stop(_ id: String, _ game: GameID) -> DemoJob { ending("stop", id, game) }
    static func remove(_ id: String, _ game: GameID) -> DemoJob { ending("remove", id, game) }

    private static func ending(_ kind: String, _ id: String, _ game: GameID) -> DemoJob {
        DemoJob(
            id: id,
            kind: kind,
            game: game,
            json: #"{"v":1,"id":"\#(id)","kind":"\#(kind)","game_id":"\#(game)","stop_timeout_seconds":5}"#
        )
    }
}

/// The jobs with which a demo goes on after its story: matches that start and end.
struct DemoMatches: Sendable, Equatable {
    /// The games that the matches take in turn, so that state folders do not become more and more.
    static let games: [GameID] = ["match-1", "match-2", "match-3", "match-4", "match-5", "match-6"]
    /// The number of matches at a time.
    static let running = 3

    let image: String
    private var round = 0

    init(image: String) { self.image = image }

    /// Returns the jobs of the next round, the start first: a match starts, and the oldest match ends. Each fifth match crashes.
    mutating func next() -> [DemoJob] {
        defer { round += 1 }
        let game = Self.games[round % Self.games.count]
        let command = round % 5 == 4 ? ["sh", "-c", "sleep 2; exit 3"] : []
        let start = DemoJob.start("start-\(game)-\(round)", game, image: image, command: command)
        guard round >= Self.running else { return [start] }
        let oldest = Self.games[(round - Self.running) % Self.games.count]
        return [
            start, .stop("stop-\(oldest)-\(round)", oldest), .remove("remove-\(oldest)-\(round)", oldest),
        ]
    }
}
