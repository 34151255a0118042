import JobContract
import Primitives
import RuntimeClient
import Terminal

/// A result or event, as a line of a log for a person.
package struct EntryLine: Sendable, Equatable {
    package var time: Timestamp
    package var source: PublicStream
    package var gameID: GameID
    package var word: TextTable.Cell
    package var details: [String]

    package init(_ entry: StreamEntry) {
        source = entry.stream
        time = Timestamp(millisecondsSinceEpoch: entry.writtenAt)
        let fields = entry.fields
        gameID = GameID(fields["game_id"] ?? "-")
        switch source {
        case .results: (word, details) = Self.result(JobResult(fields: fields))
        case .events: (word, details) = Self.event(PublishedEvent(fields: fields))
        }
    }

    private static func result(_ result: JobResult) -> (TextTable.Cell, [String]) {
        let job = "\(result.kind?.rawValue ?? "job") \(result.jobID)"
        let attempts = result.fields["attempts"].flatMap { $0 == "1" || $0 == "0" ? nil : "\($0) attempts" }
        let run = result.fields["run"].map { "run \($0)" }
        guard result.succeeded else {
            let reason = [result.errorCode, result.error].compactMap { $0 }.joined(separator: ": ")
            let style: TextStyle = result.outcome == .superseded ? .notable : .bad
            return (.init(result.outcome?.rawValue ?? "?", style), [job, reason, attempts, run].compactMap { $0 })
        }
        let forced = result.fields["forced"] == "true" ? "SIGKILL was needed" : nil
        let container = result.containerID.map { "container \($0.short)" }
        let word = result.effect?.rawValue.replacing("_", with: " ") ?? "succeeded"
        return (
            .init(word, .good),
            [job, container, result.engineEndpoint, forced, attempts, run].compactMap { $0 }
        )
    }

    private static func event(_ event: PublishedEvent) -> (TextTable.Cell, [String]) {
        let exit = event.exitCode.map { "exit code \($0)" }
        let found = event.isReconciled ? "found by looking" : nil
        let details = [
            event.reason?.rawValue.replacing("_", with: " "), exit, "container \(event.containerID.short)",
            event.kind == .started ? event.image : nil, "node \(event.node)", found,
        ]
        return (.init(event.kind?.rawValue ?? "?", style(of: event)), details.compactMap { $0 })
    }

    private static func style(of event: PublishedEvent) -> TextStyle {
        switch event.kind {
        case .started, .healthy: .good
        case .removed: .dim
        case .unhealthy, .oom: .bad
        case .exited: [.stopped, .completed].contains(event.reason) ? .plain : .bad
        case nil: .plain
        }
    }

    /// Returns the entry on a single line, cut to the surface's width.
    package func text(on surface: Surface) -> TerminalText {
        let columns = [ShortTime.stamp(time), source == .results ? "result" : "event ", Self.padded(gameID.text, 12)]
        let prefix = TerminalText(columns.joined(separator: "  "))
        let name = TerminalText(Self.padded(word.text, 15))
        let room = surface.width.map { max(0, $0 - prefix.count - name.count - 4) } ?? .max
        let rest = TextTable.cut(EscapedText.escape(details.joined(separator: ", "), quotes: false), to: room)
        let painter = surface.painter
        return "\(painter.paint(prefix, .dim))  \(painter.paint(name, word.style))  \(rest)"
    }

    private static func padded(_ text: String, _ width: Int) -> String {
        let text = EscapedText.escape(text, quotes: false)
        return text + String(repeating: " ", count: max(0, width - text.count))
    }
}

extension StreamEntry {
    /// The entry for machines: the stream, the entry's id and the fields.
    package var json: JSONNode {
        .object([
            ("stream", .string(stream.rawValue)), ("entry", .string(id)), ("fields", .strings(fields)),
        ])
    }
}
