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
    /// What else is known, the reason of a failure first.
    package var details: [String]
    /// The short form of a detail with an id, by the detail.
    private var shortForms: [String: String] = [:]

    /// The details with the short forms of ids.
    package var shortDetails: [String] { details.map { shortForms[$0] ?? $0 } }

    package init(_ entry: StreamEntry) {
        source = entry.stream
        time = Timestamp(millisecondsSinceEpoch: entry.writtenAt)
        let fields = entry.fields
        gameID = GameID(fields["game_id"] ?? "-")
        switch source {
        case .results:
            let result = JobResult(fields: fields)
            let kind = result.kind?.rawValue ?? "job"
            let job = "\(kind) \(result.jobID)"
            (word, details) = Self.result(result, job)
            shortForms[job] = "\(kind) \(ShortID.text(result.jobID.text))"
        case .events:
            let event = PublishedEvent(fields: fields)
            (word, details) = Self.event(event)
            shortForms["node \(event.node)"] = "node \(ShortID.node(event.node.text))"
        }
    }

    private static func result(_ result: JobResult, _ job: String) -> (TextTable.Cell, [String]) {
        let attempts = result.fields["attempts"].flatMap { $0 == "1" || $0 == "0" ? nil : "\($0) attempts" }
        let run = result.fields["run"].map { "run \($0)" }
        guard result.succeeded else {
            let reason = [result.errorCode, result.error].compactMap { $0 }.joined(separator: ": ")
            let style: TextStyle = result.outcome == .superseded ? .notable : .bad
            let details = [reason, job, attempts, run].compactMap { $0 }.filter { !$0.isEmpty }
            return (.init(result.outcome?.rawValue ?? "?", style), details)
        }
        let forced = result.fields["forced"] == "true" ? "SIGKILL was needed" : nil
        let container = result.containerID.map { "container \($0.short)" }
        let word = result.effect?.rawValue.replacing("_", with: " ") ?? "succeeded"
        return (
            .init(word, .good),
            [result.engineEndpoint, container, forced, job, attempts, run].compactMap { $0 }
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

    /// Returns the entry as lines that fit the surface. Without a width, the entry is a single line with whole ids.
    package func lines(on surface: Surface) -> [TerminalText] {
        let isNarrow = surface.width.map { $0 < Self.wide } ?? false
        let stamp = ShortTime.stamp(time)
        // A narrow line leaves out the year and the milliseconds.
        let columns = [
            isNarrow ? String(stamp.dropFirst(5).dropLast(4)) : stamp, source == .results ? "result" : "event ",
            Self.padded(gameID.text, isNarrow ? 8 : 12),
        ]
        let prefix = TerminalText(columns.joined(separator: "  "))
        let name = TerminalText(Self.padded(word.text, isNarrow ? 8 : 15))
        let painter = surface.painter
        let head: TerminalText = "\(painter.paint(prefix, .dim))  \(painter.paint(name, word.style))"
        guard let width = surface.width else { return ["\(head)  \(details.joined(separator: ", "))"] }
        let text = EscapedText.escape(shortDetails.joined(separator: ", "), quotes: false)
        let begin = prefix.count + name.count + 4
        let indent = isNarrow ? columns[0].count + 2 : begin
        let room = width - begin
        let wrapped =
            room < TextWrap.least / 2
            ? [""] + TextWrap.lines(text, first: width - indent, rest: width - indent)
            : TextWrap.lines(text, first: room, rest: width - indent)
        let first: TerminalText = wrapped[0].isEmpty ? head : "\(head)  \(wrapped[0])"
        return [first] + wrapped.dropFirst().map { TerminalText.spaces(indent) + TerminalText($0) }
    }

    /// The smallest width for lines with whole times, in characters.
    private static let wide = 110

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
