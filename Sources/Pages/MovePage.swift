import JobContract
import Primitives
import QueueAdmin
import Terminal

/// The page of `rtmanager queue move --dry-run`.
package struct MovePage: Sendable, Equatable {
    /// The messages of a game.
    private struct Game: Sendable, Equatable {
        var id: GameID
        var count = 0
        /// The push time of the game's oldest message, in ms since 1970; nil if no message has one.
        var oldest: Int64?
    }

    private let source: String
    /// The figures of the target.
    private let target: QueueOverview
    private let count: Int
    private let now: Int64
    private var games: [Game] = []
    /// The number of read messages without a job.
    private var invalid = 0
    /// The number of read messages.
    private let read: Int

    package init(
        from source: String,
        _ found: MovableMessages,
        to target: QueueOverview,
        _ decoder: JobDecoder,
        now: Int64
    ) {
        (self.source, self.target, self.now) = (source, target, now)
        // Messages may have come between the two readings.
        (count, read) = (max(found.count, found.oldest.count), found.oldest.count)
        var places: [GameID: Int] = [:]
        for message in found.oldest {
            guard case .bytes(let bytes) = message, case .job(let job) = decoder.decode(bytes) else {
                invalid += 1
                continue
            }
            if places[job.gameID] == nil {
                places[job.gameID] = games.count
                games.append(Game(id: job.gameID))
            }
            let place = places[job.gameID] ?? 0
            games[place].count += 1
            let time = job.enqueuedAt.flatMap { Timestamp(rfc3339: $0) }?.millisecondsSinceEpoch
            games[place].oldest = [games[place].oldest, time].compactMap { $0 }.min()
        }
    }

    private var oldest: Int64? { games.compactMap(\.oldest).min() }

    /// Returns the page of a dry run.
    package func lines(on surface: Surface) -> [TerminalText] {
        let messages = ShortCount.text(count, "message", "messages")
        let age = oldest.map { ", the oldest pushed \(ShortTime.span(milliseconds: now - $0)) ago" } ?? ""
        let head = "would move \(messages) from \(Self.shown(source)) to \(target.name)\(age)"
        let texts = [head + (games.isEmpty && invalid == 0 ? "" : ":")]
        return Self.wrapped(texts, on: surface) + table.lines(on: surface, things: "games")
            + Self.wrapped(remarks, on: surface)
    }

    /// The games in the order of their oldest messages.
    private var table: TextTable {
        var table = TextTable([
            .init("GAME", least: 12), .init("MESSAGES", isNumber: true), .init("OLDEST", isNumber: true),
        ])
        table.rows = games.map { game in
            [
                .init(game.id.text), .init(TextTable.grouped(game.count)),
                .init(game.oldest.map { ShortTime.span(milliseconds: now - $0) } ?? "-"),
            ]
        }
        if invalid > 0 {
            table.rows.append([.init("(no job)", .notable), .init(TextTable.grouped(invalid)), .init("-")])
        }
        table.cut(to: 50)
        return table
    }

    private var remarks: [String] {
        var remarks: [String] = []
        if count > read { remarks.append("the table has the oldest \(TextTable.grouped(read)) messages") }
        if target.workers == 0 {
            remarks.append("no worker serves \(target.name), so the messages would wait there, too: a move needs --yes")
        }
        return remarks + Self.pause(target)
    }

    package var json: JSONNode {
        .object([
            ("from", .string(source)), ("to", .string(target.name)), ("messages", .integer(count)),
            ("oldest", oldest.map { .time($0) }),
            ("games", .array(games.map(Self.json))), ("invalid", .integer(invalid)), ("read", .integer(read)),
            ("dry_run", .boolean(true)),
        ])
    }

    private static func json(_ game: Game) -> JSONNode {
        .object([
            ("game_id", .string(game.id.text)), ("messages", .integer(game.count)),
            ("oldest", game.oldest.map { .time($0) }),
        ])
    }

    private static func pause(_ target: QueueOverview) -> [String] {
        guard target.isPaused else { return [] }
        return ["\(target.name) is paused, so the messages wait there: rtmanager queue resume \(target.name)"]
    }

    private static func wrapped(_ texts: [String], on surface: Surface) -> [TerminalText] {
        let width = surface.width ?? .max
        return texts.flatMap { TextWrap.lines($0, first: width, rest: width) }.map { TerminalText($0) }
    }

    /// Returns the name of any queue, for a person.
    package static func shown(_ queue: String) -> String { EscapedText.cut(queue, to: 100) }
}

/// The outcome of `rtmanager queue move`.
package struct MoveOutcome: Sendable, Equatable {
    package var source: String
    /// The figures of the target before the move.
    package var target: QueueOverview
    /// The number of messages before the move.
    package var wanted: Int
    package var moved = 0
    /// The number of messages in the source after the move.
    package var left = 0

    package init(from source: String, to target: QueueOverview, wanted: Int) {
        (self.source, self.target, self.wanted) = (source, target, wanted)
    }

    /// The number of moved messages in words, for the audit and after a failure.
    package var sentence: String {
        let messages = ShortCount.text(wanted, "message is moved", "messages are moved")
        let count = moved == wanted ? messages : "\(TextTable.grouped(moved)) of \(messages)"
        return "\(count) from \(MovePage.shown(source)) to \(target.name)"
    }

    /// The lines for a person.
    package func lines(on surface: Surface) -> [TerminalText] {
        var texts = [sentence]
        if left > 0 {
            let messages = ShortCount.text(left, "message is", "messages are")
            texts.append("\(messages) in \(MovePage.shown(source)) again: correct the producer, and move them, too")
        }
        if target.workers == 0 { texts.append("no worker serves \(target.name)") }
        if target.isPaused { texts.append("\(target.name) is paused: rtmanager queue resume \(target.name)") }
        let width = surface.width ?? .max
        return texts.flatMap { TextWrap.lines($0, first: width, rest: width) }.map { TerminalText($0) }
    }

    package var json: JSONNode {
        .object([
            ("from", .string(source)), ("to", .string(target.name)), ("moved", .integer(moved)),
            ("left", .integer(left)),
        ])
    }
}
