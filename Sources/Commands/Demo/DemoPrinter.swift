import JobContract
import Primitives
import Synchronization
import Terminal

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Prints the demo, either as lines for a person or as a JSON object on each line.
final class DemoPrinter: Sendable {
    private let output: OutputFormat
    private let painter: Painter
    private let writeLine: @Sendable (TerminalText) -> Void
    private let began = ContinuousClock.now
    private let lastAct = Mutex(0)

    /// Creates a printer.
    ///
    /// - Parameter write: Writes a line, with a line feed.
    init(
        _ output: OutputFormat,
        isColored: Bool = StandardOutput.takesColors,
        write: @escaping @Sendable (TerminalText) -> Void = StandardOutput.write(line:)
    ) {
        self.output = output
        painter = Painter(isColored: output == .text && isColored)
        writeLine = write
    }

    func title(_ text: String) {
        guard output == .text else { return }
        write(painter.paint("\(text)", .heading))
        write("")
    }

    /// Prints a line about a part of the stage, such as Redis.
    func prop(_ name: String, _ text: String) {
        guard output == .text else { return }
        write("  \(painter.paint("●", .good)) \(padded(name, 9))\(text)")
    }

    /// Prints the heading of the demo's next step.
    func act(_ text: String) {
        guard output == .text else { return }
        let number = lastAct.withLock { number in
            number += 1
            return number
        }
        write("")
        write(painter.paint("\(number). \(text)", .heading))
    }

    func pushed(_ kind: String, _ game: GameID) {
        line("push", .accent, padded(kind, 17) + padded(game.text, 9), ["kind": kind, "game_id": game.text])
    }

    func result(_ result: JobResult) {
        let word = result.succeeded ? (result.effect?.rawValue ?? "") : (result.outcome?.rawValue ?? "")
        let detail = [
            result.succeeded ? nil : result.errorCode.map { "\($0):" }, result.succeeded ? nil : result.error,
            result.containerID.map { "container \($0.short)" }, result.engineEndpoint,
        ].compactMap { $0 }.joined(separator: "  ")
        line(
            "result",
            result.succeeded ? .good : .notable,
            padded(word.replacing("_", with: " "), 17) + padded(result.gameID?.text ?? "-", 9) + cut(detail),
            result.fields
        )
    }

    func event(_ fields: [String: String]) {
        let detail = [
            fields["reason"].map { "because \($0)" }, fields["exit_code"].map { "exit code \($0)" },
            fields["epoch"].map { "epoch \($0)" },
        ].compactMap { $0 }.joined(separator: "  ")
        line("event", .plain, padded(fields["event"] ?? "", 17) + padded(fields["game_id"] ?? "", 9) + detail, fields)
    }

    /// Prints what a person can do with a demo that stays.
    func invite(console: String, commands: [String]) {
        guard output == .text else {
            let fields: [(String, JSONNode?)] = [
                ("commands", .array(commands.map(JSONNode.string))), ("console", .string(console)),
                ("source_stream", .string("stay")),
            ]
            return write(JSONNode.object(fields).line)
        }
        write("")
        prop("Console", "\(console)  (matches start and end there)")
        prop("Try", "in another terminal:")
        write("")
        for command in commands { write("    \(command)") }
        write("")
        prop("End", "Ctrl-C ends the demo, and takes everything down")
    }

    /// Prints that Redis does not answer, and what the demo does.
    func outageBegins(_ reason: String, limit: Duration) {
        let span = ShortTime.span(milliseconds: limit.milliseconds)
        outage("does not answer; the demo waits for it, at most \(span): \(reason)", .notable, "away")
    }

    /// Prints that Redis answers again.
    func outageEnds(after time: Duration) {
        let span = ShortTime.span(milliseconds: time.milliseconds)
        outage("answers again after \(span); the demo goes on", .good, "back")
    }

    private func outage(_ text: String, _ style: TextStyle, _ state: String) {
        guard output == .text else {
            return write(JSONNode.strings(["redis": state, "source_stream": "stay", "text": text]).line)
        }
        write("  \(painter.paint("●", style)) \(padded("Redis", 9))\(text)")
    }

    /// Prints the conclusion of the demo.
    func moral(_ text: String) {
        guard output == .text else { return }
        write("")
        write(painter.paint("\(text)", .heading))
    }

    private func line(_ source: String, _ style: TextStyle, _ text: String, _ fields: [String: String]) {
        guard output == .text else {
            var fields = fields
            fields["source_stream"] = source
            return write(JSONNode.strings(fields).line)
        }
        let hundredths = began.duration(to: .now).milliseconds / 10
        let stamp = "\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100) s"
        let time = painter.paint("\(TerminalText.spaces(8 - stamp.count))\(stamp)", .dim)
        write("  \(time)  \(painter.paint("\(padded(source, 8))", style))\(text)")
    }

    private func cut(_ text: String) -> String { text.count > 90 ? text.prefix(89) + "…" : text }

    private func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(1, width - text.count))
    }

    private func write(_ line: TerminalText) { writeLine(line) }
}
