import Foundation
import JobContract
import Logging
import Redis
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

/// Text that several tasks write.
private final class TextBox: Sendable {
    private let written = Mutex("")

    var text: String { written.withLock { $0 } }
    func add(_ more: String) { written.withLock { $0 += more } }
}

@Suite("What a demo that stays does")
struct DemoStayTests {
    @Test("a match starts in each round, three run at a time, and the fifth crashes")
    func matches() {
        var matches = DemoMatches(image: "engine:1")
        let rounds = (0..<8).map { _ in matches.next() }
        #expect(
            rounds.map { $0.map { "\($0.kind) \($0.game)" } }[..<4] == [
                ["start match-1"], ["start match-2"], ["start match-3"],
                ["start match-4", "stop match-1", "remove match-1"],
            ]
        )
        #expect(rounds[7].map(\.game) == ["match-2", "match-5", "match-5"])
        let jobs = rounds.flatMap(\.self)
        #expect(Set(jobs.map(\.id)).count == jobs.count)
        #expect(jobs.filter { $0.json.contains("exit 3") }.map(\.game) == ["match-5"])
        for job in jobs {
            guard case .job = JobDecoder().decode(Array(job.json.utf8)) else {
                Issue.record("\(job.json) is no job")
                continue
            }
        }
    }

    @Test("the invitation has the console and the commands")
    func invitation() {
        func print(_ output: OutputFormat) -> String {
            let written = Mutex("")
            let printer = DemoPrinter(output, isColored: false) { line in written.withLock { $0 += line.text + "\n" } }
            printer.invite(console: "http://127.0.0.1:8081/", commands: ["one", "two \u{7}"])
            return written.withLock { $0 }
        }
        #expect(
            print(.text) == """

                  ● Console  http://127.0.0.1:8081/  (matches start and end there)
                  ● Try      in another terminal:

                    one
                    two \\u0007

                  ● End      Ctrl-C ends the demo, and takes everything down

                """
        )
        #expect(
            print(.json) == #"{"commands":["one","two \u0007"],"console":"http://127.0.0.1:8081/","#
                + #""source_stream":"stay"}"# + "\n"
        )
    }

    @Test("a text is one word of a shell", arguments: ["/a/b-1.c:2", "", "a b", "it's", "$HOME", "a;b", "ä"])
    func shellWord(text: String) async throws {
        let word = ShellWord.quoted(text)
        #expect(try await Commands.Program.output(["sh", "-c", "printf %s \(word)"]) == text)
        #expect((word == text) == (text == "/a/b-1.c:2"))
    }

    @Test("an outage begins, goes on, ends, and ends the demo after its limit")
    func outage() {
        let begin = ContinuousClock.now
        func at(_ seconds: Int) -> ContinuousClock.Instant { begin + .seconds(seconds) }
        var outage = DemoOutage()
        #expect(outage.answered(at: at(1)) == .goOn)
        #expect(outage.failed(calledAt: at(2), at: at(7)) == .begin)
        #expect(outage.failed(calledAt: at(8), at: at(13)) == .wait)
        #expect(outage.answered(at: at(32)) == .end(after: .seconds(30)))
        #expect(outage.answered(at: at(33)) == .goOn)
        #expect(outage.failed(calledAt: at(40), at: at(45)) == .begin)
        #expect(outage.failed(calledAt: at(46), at: at(339)) == .wait)
        #expect(outage.failed(calledAt: at(339), at: at(340)) == .giveUp(after: .seconds(300)))
    }

    /// Calls `body` with a Redis, and a patient client of it whose printed lines `body` can read.
    private func withPatience(
        limit: Duration,
        _ body: (PrivateRedis, PatientRedis, @Sendable () -> String) async throws -> Void
    ) async throws {
        try await PrivateRedis.with { redis in
            let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            var configuration = try RedisConfiguration(url: redis.unixURL)
            (configuration.commandTimeout, configuration.connectTimeout) = (.milliseconds(200), .milliseconds(200))
            let written = TextBox()
            let printer = DemoPrinter(.text, isColored: false) { written.add($0.text + "\n") }
            try await RedisClient.withClient(configuration, logger: logger) { client in
                let patient = PatientRedis(client: client, printer: printer, limit: limit)
                try await body(redis, patient) { written.text }
            }
        }
    }

    @Test("while Redis stands still, the demo says so, and goes on when Redis answers again", .timeLimit(.minutes(1)))
    func standstill() async throws {
        try await withPatience(limit: .seconds(50)) { redis, patient, printed in
            redis.suspend()
            defer { redis.resume() }
            async let answer = patient.send(RedisCommand("PING"))
            try await eventually("the outage") { printed().contains("does not answer; the demo waits for it") }
            #expect(printed().contains("at most 50s: Redis"), "\(printed())")
            redis.resume()
            #expect(try await answer.string == "PONG")
            #expect(printed().contains("  ● Redis    answers again after "), "\(printed())")
            #expect(printed().split(separator: "\n").count == 2, "each is said once")
            await #expect(throws: RedisError.self) { _ = try await patient.send(RedisCommand("NOSUCHCOMMAND")) }
        }
    }

    @Test("a Redis that stands still for too long ends the demo", .timeLimit(.minutes(1)))
    func longStandstill() async throws {
        try await withPatience(limit: .seconds(1)) { redis, patient, _ in
            redis.suspend()
            defer { redis.resume() }
            let error = await #expect(throws: CommandError.self) { _ = try await patient.send(RedisCommand("PING")) }
            let begin = "the private Redis has not answered for 1s, so the demo ends: "
            #expect(error?.reason == .outOfReach && error?.description.hasPrefix(begin) == true, "\(error as Any)")
        }
    }

    @Test("a port with a server is not free")
    func port() throws {
        #expect((UInt16(21_000)...22_000).contains(where: Commands.FreePort.isFree))
        let server = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(server) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let port =
            withUnsafeMutablePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(server, $0, length) == 0 && listen(server, 1) == 0 && getsockname(server, $0, &length) == 0
                }
            } ? UInt16(bigEndian: address.sin_port) : 0
        #expect(port != 0 && !Commands.FreePort.isFree(port))
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

    @Test("of two programs, a cancellation ends the inner one first")
    func nested() async throws {
        let directory = try temporaryDirectory("nested")
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let log = directory + "/log"
        // The inner program takes its time to end.
        let program = "trap 'sleep 0.2; echo end of $0; exit' TERM; echo begin of $0; while :; do sleep 0.01; done"
        func text() -> String { (try? String(contentsOfFile: log, encoding: .utf8)) ?? "" }
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                try? await Program.with(["sh", "-c", program, "outer"], log: log) {
                    try await awaitReadiness("the outer one", log: log) { text().contains("begin of outer") }
                    try await Program.with(["sh", "-c", program, "inner"], log: log) {
                        try await pause(.seconds(60), because: "the cancellation ends it")
                    }
                }
            }
            group.addTask { try? await eventually("both programs") { text().contains("begin of inner") } }
            await group.next()
            group.cancelAll()
        }
        #expect(text() == "begin of outer\nbegin of inner\nend of inner\nend of outer\n")
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
        #expect(quoted == .outOfReach("the server was not ready within 1ms; its log ends: \(end)"))
        let bare = await message { try await awaitReadiness("it", within: .zero) { true } }
        #expect(bare == .outOfReach("it was not ready within 0s"))
    }

    @Test("the bench is looked for beside this program")
    func path() throws {
        let own = try Program.ownPath()
        let folder = own.prefix(through: try #require(own.lastIndex(of: "/")))
        #expect(try Program.beside("rtmanager-bench") == folder + "rtmanager-bench")
    }
}
