import ArgumentParser
import Support
import Testing

@testable import Commands

@Suite("Declarations of the commands")
struct DeclarationTests {
    @Test("every flag and every argument of every command has an effect")
    func commands() throws {
        #expect(try CommandDeclarations.problems(inDump: RootCommand._dumpHelp()) == [])
    }

    @Test(
        "finds flags with the same name, an argument behind a list, and a flag that is always on",
        arguments: [
            (#"[\#(flag("a")),\#(flag("b")),\#(flag("a"))]"#, "root sub: two flags named long a"),
            (
                #"[{"kind":"positional","isRepeating":true,"valueName":"games"},{"kind":"positional"}]"#,
                "root sub: no word reaches the arguments behind games"
            ),
            (#"[\#(flag("a", "true"))]"#, "root sub: the flag a is always on"),
            (#"[\#(flag("a", "true")),\#(flag("no-a", "true"))]"#, nil),
        ]
    )
    func mistakes(arguments: String, problem: String?) throws {
        let dump = """
            {"command":{"commandName":"root","subcommands":[{"commandName":"sub","arguments":\(arguments)}]}}
            """
        #expect(try CommandDeclarations.problems(inDump: dump) == [problem].compactMap { $0 })
    }

    private static func flag(_ name: String, _ usual: String = "false") -> String {
        let word = #"{"kind":"long","name":"\#(name)"}"#
        return #"{"kind":"flag","defaultValue":"\#(usual)","names":[\#(word)],"preferredName":\#(word)}"#
    }
}
