import ArgumentParser
import Testing

@testable import Commands

@Suite("Mistyped commands")
struct UnknownCommandTests {
    @Test(
        "a mistyped command has its suggestions, also on the second level and after help",
        arguments: [
            ("statu", ["status"]), ("stauts", ["status"]), ("hist", ["history"]), ("ls", []),
            ("dead lst", ["list"]), ("dead retyr x", ["retry"]), ("node dran n1", ["drain"]), ("worker lits", ["list"]),
            ("help nosuch", []), ("help statu", ["status"]), ("help dead shwo", ["show"]),
            ("help start more", []), ("STOP g", ["stop"]), ("stap", ["stop"]),
        ]
    )
    func suggestions(call: String, names: [String]) {
        let words = call.split(separator: " ").map(String.init)
        #expect(UnknownCommand.find(in: words, of: RootCommand.self)?.suggestions == names)
    }

    @Test(
        "a right call is no mistyped command",
        arguments: [
            "", "--help", "--version", "status", "dead list", "help", "help dead list", "help help", "stop statu",
            "worker --queues a", "---completion game -- game 0 0", "--generate-completion-script bash", "bench drain",
        ]
    )
    func right(call: String) {
        let words = call.split(separator: " ").map(String.init)
        #expect(UnknownCommand.find(in: words, of: RootCommand.self) == nil)
    }

    private struct Bench: ParsableCommand {
        struct Run: ParsableCommand {}
        struct Peers: ParsableCommand {}
        static let configuration = CommandConfiguration(
            subcommands: [Run.self, Peers.self],
            defaultSubcommand: Run.self
        )
    }

    @Test("a word that is like no command is an argument of the command without a name")
    func defaultCommand() {
        #expect(UnknownCommand.find(in: ["latency", "start"], of: Bench.self) == nil)
        #expect(UnknownCommand.find(in: ["perrs"], of: Bench.self)?.suggestions == ["peers"])
        #expect(UnknownCommand.find(in: ["help", "latency"], of: Bench.self) != nil)
    }

    @Test("the message names the word, the commands and where to look")
    func message() {
        let unknown = UnknownCommand.find(in: ["dead", "lst"], of: RootCommand.self)
        #expect(
            unknown?.message == """
                "lst" is no command of rtmanager dead; did you mean rtmanager dead list?
                See 'rtmanager dead --help' for all commands.
                """
        )
    }

    @Test("the program says so, with exit code 2", arguments: [["statu"], ["help", "nosuch"], ["no\u{7}such"]])
    func program(words: [String]) async throws {
        let done = try await call(words)
        #expect(done.code == 2 && done.output == "" && done.errors.contains("is no command of rtmanager"), "\(done)")
        #expect(!done.errors.contains("\u{7}"))
    }

    @Test(
        "letters that are added, lost, replaced or swapped count as one",
        arguments: [("", "", 0), ("a", "", 1), ("stop", "stop", 0), ("sotp", "stop", 1), ("kitten", "sitting", 3)]
    )
    func distances(one: String, other: String, distance: Int) {
        #expect(UnknownCommand.distance(one, other) == distance)
        #expect(UnknownCommand.distance(other, one) == distance)
    }
}
