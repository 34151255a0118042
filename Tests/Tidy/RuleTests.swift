import Testing

/// A Swift file of `module` with `text`.
private func file(_ module: String, _ text: String) -> SourceFile {
    SourceFile(path: "Sources/\(module)/File.swift", text: text)
}

@Suite("Every rule can fail")
struct RuleTests {
    @Test(
        "Imports that go up",
        arguments: [
            ("Primitives", "import JobContract"), ("Redis", "import JobQueue"), ("DockerPort", "import DockerEngine"),
            ("RuntimeCore", "public import JobQueue"), ("JobQueue", "@testable import Runtime"),
            ("JobContract", "import struct Redis.Connection"), ("Runtime", "import DockerEngine"),
            ("AdminServer", "  @preconcurrency import Runtime"), ("rtmanager", "import Support"), ("Unknown", ""),
            ("Redis", "import NIOCore; import JobQueue"), ("Redis", "@_spi(Testing) import JobQueue"),
        ]
    )
    func upwardImports(module: String, text: String) {
        #expect(Rules.upwardImports(file(module, text)).count == 1)
    }

    @Test(
        "Imports that go down",
        arguments: [
            ("Redis", "import CHiredis\nimport NIOCore"), ("Runtime", "import RuntimeCore"),
            ("Commands", "import Runtime"), ("Redis", "// import JobQueue"),
            ("Redis", "let text = \"import JobQueue\""),
            ("Redis", "/* /* */\nimport JobQueue\n*/"), ("Redis", "let text = \"\"\"\n    import JobQueue\n    \"\"\""),
            ("Redis", "import Redis"),
        ]
    )
    func downwardImports(module: String, text: String) {
        #expect(Rules.upwardImports(file(module, text)) == [])
    }

    @Test("Imports of tests are not checked")
    func testImports() {
        #expect(Rules.upwardImports(SourceFile(path: "Tests/RedisTests/File.swift", text: "import Support")) == [])
    }

    @Test(
        "Unstructured tasks",
        arguments: [
            "Task { }", "let t = Task<Void, Never> { }", "let t: Task<Void, Never> = Task { }", "Task<Void, Never> { }",
            "return Task<Void, Never> { }",
            "Task(priority: .high) { }", "Task.detached { }",
            "Task.init { }",
            "return Task{ }", "\"\\(Task { 1 })\"", "Task.immediate { }",
        ]
    )
    func unstructuredTasks(text: String) {
        #expect(Rules.unstructuredTasks(file("Runtime", text)).count == 1)
    }

    @Test(
        "Structured tasks",
        arguments: [
            "try await Task.sleep(for: .seconds(1))", "Task.isCancelled", "withTaskGroup { }", "// Task { }",
            "\"Task {\"", "func f() -> Task<Void, Never> {", "var t: Task<Void, Never> { u }",
            "#\"Task { \\(Task {})\"#", "struct MyTask { }", "group.addTask { }",
        ]
    )
    func structuredTasks(text: String) {
        #expect(Rules.unstructuredTasks(file("Runtime", text)) == [])
    }

    @Test(
        "Clocks and randomness",
        arguments: [
            "Date()", "Date.now", "ContinuousClock.now", "SuspendingClock()", "Int.random(in: 0...1)",
            "Int .random (in: 0...1)",
            "clock_gettime(CLOCK_REALTIME, &t)", "SystemRandomNumberGenerator()", "UUID()", "list.shuffled()",
        ]
    )
    func hiddenInputs(text: String) {
        for module in ["RuntimeCore", "JobContract"] { #expect(Rules.hiddenInputs(file(module, text)).count == 1) }
        #expect(Rules.hiddenInputs(file("Runtime", text)) == [])
    }

    @Test(
        "Code that only looks like a clock",
        arguments: ["UpdateDate.x", "randomness()", "// Date()", "let date: Timestamp"]
    )
    func passedIn(text: String) {
        #expect(Rules.hiddenInputs(file("RuntimeCore", text)) == [])
    }

    @Test(
        "Output without the writer",
        arguments: [
            ("print(text)", 1), ("try print(text, output)", 1), ("debugPrint(x)", 1), ("fputs(text, stderr)", 1),
            ("FileHandle.standardError.write(data)", 1), ("FileDescriptor.standardOutput.writeAll(bytes)", 1),
            ("write(STDOUT_FILENO, bytes, 1)", 1), ("write(1, bytes, count)", 1),
            ("TerminalText(stringLiteral: foreign)", 1), ("TerminalText(foreign)", 0),
            ("StandardOutput.write(line: \"\\(x)\")", 0), ("painter.print(text)", 0), ("printer(text)", 0),
            ("// print(text)", 0),
            ("@OptionGroup var print: OutputFlags", 0),
        ]
    )
    func rawOutput(text: String, count: Int) {
        #expect(Rules.rawOutput(file("rtmanager", text)).count == count, "\(text)")
    }

    @Test(
        "Pauses and randomness of a worker",
        arguments: [
            ("try await Task.sleep(for: pause)", 1), (".random(in: 0...1)", 1), ("SystemRandomNumberGenerator()", 1),
            ("Double.random(in: 0...1, using: &dice)", 0), ("try await MonotonicClock.sleep(for: pause)", 0),
        ]
    )
    func unsimulated(text: String, count: Int) {
        #expect(Rules.unsimulated(file("Runtime", text)).count == count)
        #expect(Rules.unsimulated(file("Redis", text)) == [])
    }

    @Test(
        "Pauses of tests",
        arguments: [
            ("try await Task.sleep(for: .seconds(1))", 1), ("usleep(1_000)", 1), ("sleep(1)", 1),
            ("Thread.sleep(forTimeInterval: 1)", 1), ("func sleep(for pause: Duration) async throws {", 0),
            ("try await scheduler.sleep(for: pause)", 0), ("\"sleep 1\"", 0), ("let sleeper = 1", 0),
        ]
    )
    func rawSleeps(text: String, count: Int) {
        #expect(Rules.rawSleeps(SourceFile(path: "Tests/RuntimeTests/File.swift", text: text)).count == count)
        #expect(Rules.rawSleeps(file("Runtime", text)) == [])
    }

    @Test("Tests of XCTest", arguments: [("import XCTest", 1), ("@testable import XCTest", 1), ("import Testing", 0)])
    func oldTests(text: String, count: Int) {
        #expect(Rules.oldTests(SourceFile(path: "Tests/RuntimeTests/File.swift", text: text)).count == count)
    }

    @Test(
        "All of Foundation",
        arguments: [
            "import Foundation", "public import Foundation", "#if os(Linux)\nimport Foundation\n#endif",
            "#if canImport(FoundationEssentials)\nimport Foundation\n#endif", "import struct Foundation.Data",
            "#if canImport(FoundationEssentials)\nimport FoundationEssentials\n#else\nimport Foundation\n#endif\nimport Foundation",
        ]
    )
    func fullFoundation(text: String) {
        #expect(Rules.fullFoundation(file("Redis", text)).count == 1)
    }

    @Test(
        "The essentials of Foundation",
        arguments: [
            "import FoundationEssentials", "import FoundationNetworking",
            "#if canImport(FoundationEssentials)\n  import FoundationEssentials\n#else\n  import Foundation\n#endif",
        ]
    )
    func essentials(text: String) {
        #expect(Rules.fullFoundation(file("Redis", text)) == [])
    }

    @Test(
        "Traps",
        arguments: [
            "try! f()", "x as! Y", "fatalError(\"\")", "final class A: @unchecked Sendable {}",
            "nonisolated(unsafe) var x = 1",
        ]
    )
    func traps(text: String) {
        #expect(Rules.traps(file("Redis", "let a = 1\n" + text)).map(\.line) == [2])
        #expect(Rules.traps(file("Redis", "// " + text)) == [])
    }

    @Test("Specs that no policy has allowed")
    func specs() {
        for text in ["RunSpec(name: x)", "Translation(settings)"] {
            #expect(Rules.uncheckedSpecs(file("Runtime", text)).count == 1)
            #expect(Rules.uncheckedSpecs(file("DockerPort", text)) == [])
        }
        #expect(Rules.uncheckedSpecs(file("Runtime", "func f(_ spec: RunSpec) {}")) == [])
    }

    @Test("Long files")
    func longFiles() {
        #expect(Rules.longFiles(file("Redis", String(repeating: "\n", count: 399))) == [])
        #expect(Rules.longFiles(file("Redis", String(repeating: "\n", count: 400))).count == 1)
    }

    @Test("Suites with bounds on time, tagged and listed")
    func timingSuites() {
        let text = "@Suite(\"x\", .tags(.timing), .serialized)\nstruct ATests {}\n@Suite(\"y\")\nstruct BTests {}"
        let tagged = Rules.timingSuites(file("RedisTests", text))
        #expect(tagged == ["ATests"])
        let listed = Rules.timingSuites(inScript: "\ntiming='ATests|BTests'\ntiming+='|CTests'\ntiming=\"$timing\"\n")
        #expect(listed == ["ATests", "BTests", "CTests"])
    }

    @Test("Lua modules whose comments lack what callers need")
    func scripts() {
        func findings(_ lines: String...) -> Int {
            Rules.scriptHeaders(SourceFile(path: "Sources/JobQueue/Lua/x.lua", text: lines.joined(separator: "\n")))
                .count
        }
        #expect(findings("-- Purpose: a", "return 1") == 0)
        #expect(findings("return 1") == 1)
        let (returns, atomic) = ("-- Returns: 1.", "-- Atomic because: b")
        #expect(findings("-- Purpose: a", atomic, returns, "define('x', x)") == 0)
        #expect(findings("-- Purpose: a", atomic, returns, "define('x', x)", "define('y', y)") == 1)
        #expect(findings("-- Purpose: a", "define('x', x)") == 2)
    }

    @Test("Functions in Lua of more than 40 lines")
    func longScriptFunctions() {
        func findings(_ count: Int) -> Int {
            let text = "local function f()\n" + String(repeating: "  f()\n", count: count) + "end\n"
            return Rules.longScriptFunctions(SourceFile(path: "Sources/JobQueue/Lua/x.lua", text: text)).count
        }
        #expect(findings(38) == 0)
        #expect(findings(39) == 1)
    }
}

@Suite("Stripping of comments and strings")
struct CodeOnlyTests {
    @Test(
        "keeps lines and removes text",
        arguments: [
            ("a // b\nc", "a     \nc"), ("a /* b\n */ c", "a     \n    c"), ("\"a\\\"b\" c", "\"    \" c"),
            ("\"\\(f(\"x\")) y\"", "\" (f(\" \"))  \""), ("#\"a\"b\"# c", "#\"   \"# c"),
            ("\"\"\"\na \"b\"\n\"\"\" c", "\"\"\"\n     \n\"\"\" c"),
            ("\"//\" a", "\"  \" a"), ("\"", "\""), ("/*", "  "),
        ]
    )
    func strips(source: String, code: String) {
        #expect(codeOnly(source) == code)
    }
}
