import Foundation
import JobContract
import Support
import Synchronization
import Testing

@testable import Commands
@testable import Terminal

@Suite("What the demo prints")
struct DemoPrinterTests {
    /// What a whole, short demo prints.
    private func print(_ output: OutputFormat, isColored: Bool = false) -> String {
        let written = Mutex("")
        let printer = DemoPrinter(output, isColored: isColored) { line in written.withLock { $0 += line.text + "\n" } }
        printer.title("rtmanager demo")
        printer.prop("Redis", "private\u{7}")
        printer.act("The games start")
        printer.pushed("start", "lobby")
        let id = String(repeating: "ab", count: 32)
        printer.result(
            JobResult(fields: [
                "job_id": "j", "game_id": "lobby", "outcome": "succeeded", "effect": "already_running",
                "container_id": id, "engine_endpoint": "http://lobby:8080",
            ])
        )
        printer.result(
            JobResult(fields: ["outcome": "rejected", "error_code": "invalid_job", "error": "no\u{1B}[2J \(id)\(id)"])
        )
        printer.event(["event": "exited", "game_id": "lobby", "reason": "stopped", "exit_code": "0", "epoch": "3"])
        printer.act("The games end")
        printer.moral("1 job")
        return written.withLock { $0 }
    }

    private func withoutTimes(_ text: String) -> String { text.replacing(#/ +[0-9]+\.[0-9]{2} s/#, with: " T") }

    @Test("text has numbered steps, and a line for each push, result and event")
    func text() {
        #expect(
            withoutTimes(print(.text)) == """
                rtmanager demo

                  ● Redis    private\\u0007

                1. The games start
                 T  push    start            lobby    \("")
                 T  result  already running  lobby    container abababababab  http://lobby:8080
                 T  result  rejected         -        invalid_job:  no\\u001b[2J \(String(repeating: "ab", count: 34))…
                 T  event   exited           lobby    because stopped  exit code 0  epoch 3

                2. The games end

                1 job

                """
        )
    }

    @Test("colours change nothing else")
    func colours() {
        let coloured = print(.text, isColored: true)
        #expect(coloured.contains("\u{1B}[1mrtmanager demo\u{1B}[0m") && coloured.contains("\u{1B}[32m●\u{1B}[0m"))
        #expect(coloured.contains("\u{1B}[33mresult  \u{1B}[0mrejected"))
        let plain = coloured.replacing(#/\u{1B}\[[0-9]+m/#, with: "")
        #expect(withoutTimes(plain) == withoutTimes(print(.text)))
    }

    @Test("JSON has an object for each push, result and event, and nothing else")
    func json() throws {
        let lines = print(.json, isColored: true).split(separator: "\n").map(String.init)
        #expect(lines.count == 4 && lines[0] == #"{"game_id":"lobby","kind":"start","source_stream":"push"}"#)
        #expect(
            lines[3] == #"{"epoch":"3","event":"exited","exit_code":"0","game_id":"lobby","reason":"stopped","#
                + #""source_stream":"event"}"#
        )
        for line in lines { _ = try JSONSerialization.jsonObject(with: Data(line.utf8)) }
    }
}

@Suite("Programs that the demo runs")
struct DemoProgramTests {
    private typealias Program = Commands.Program

    private func message(_ body: () async throws -> Void) async -> CommandError? {
        do {
            try await body()
            return nil
        } catch {
            return error as? CommandError
        }
    }

    @Test("the output of a program is its stdout and stderr; a failure quotes both")
    func output() async throws {
        let text = try await Program.output(["sh", "-c", "echo $A; echo b >&2"], environment: ["A": "a"])
        #expect(text == "a\nb\n")
        let failed = await message { try await Program.output(["sh", "-c", "echo why; exit 3"]) }
        #expect(failed == .failed("`sh -c echo why; exit 3` failed: why\n"))
        let missing = await message { try await Program.output(["rtmanager-no-such-program"]) }
        #expect(
            missing?.description.hasPrefix("rtmanager-no-such-program cannot be run: ") == true,
            "\(missing as Any)"
        )
        #expect(await Program.exists("sh"))
        #expect(await Program.exists("rtmanager-no-such-program") == false)
    }

    @Test("a program beside a body writes to its log and ends with the body")
    func beside() async throws {
        let directory = try temporaryDirectory("beside")
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let log = directory + "/log"
        let pid = try await Program.with(["sh", "-c", "echo $$; exec sleep 60"], log: log) {
            try await awaitReadiness("the pid", log: log) {
                (try? String(contentsOfFile: log, encoding: .utf8))?.hasSuffix("\n") == true
            }
            return try #require(Int32(try String(contentsOfFile: log, encoding: .utf8).dropLast()))
        }
        #expect(kill(pid, 0) == -1)
    }

    @Test("what does not get ready is named with the end of its log")
    func readiness() async throws {
        let directory = try temporaryDirectory("ready")
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let log = directory + "/log"
        try Data((String(repeating: "x", count: 500) + "the end").utf8).write(to: URL(fileURLWithPath: log))
        let quoted = await message {
            try await awaitReadiness("the server", within: .milliseconds(1), log: log) { false }
        }
        let end = String(repeating: "x", count: 393) + "the end"
        #expect(quoted == .outOfReach("the server was not ready within 0.001 seconds; its log ends: \(end)"))
        let bare = await message { try await awaitReadiness("it", within: .zero) { true } }
        #expect(bare == .outOfReach("it was not ready within 0.0 seconds"))
    }

    @Test("the bench is looked for beside this program")
    func path() throws {
        let own = try Program.ownPath()
        let folder = own.prefix(through: try #require(own.lastIndex(of: "/")))
        #expect(try Program.beside("rtmanager-bench") == folder + "rtmanager-bench")
    }
}
