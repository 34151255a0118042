import Foundation
import Testing

/// Where a rule is broken for a reason. Each entry names its file and says why; one that no longer
/// excuses anything fails too.
private enum Exceptions {
    /// The files that may start a task that no group waits for, each in one named function.
    static let unstructuredTasks: [String: String] = [
        "Sources/DockerEngine/Transport/BackgroundTask.swift":
            "undoing a half-made container, pulls with many waiters and event readers outlive their callers",
        "Sources/Runtime/Support/CancellationShield.swift":
            "goodbyes that must be said although the caller was cancelled",
    ]
    static let traps: [String: String] = [:]
    static let unsimulated: [String: String] = [
        "Sources/Runtime/Support/MonotonicClock.swift": "the pause of the machine itself",
        "Sources/Runtime/Support/Simulation.swift": "the chance of the machine itself",
    ]
    static let rawSleeps: [String: String] = [
        "Tests/Support/Waiting.swift": "the two functions that all others use",
        "Tests/PrimitivesTests/DeadlineTests.swift": "an operation that takes too long, and is cancelled at once",
    ]
    static let longFiles: [String: String] = [:]
    static let rawOutput: [String: String] = [
        "Sources/Terminal/Terminal.swift": "the one writer"
    ]
}

@Suite("The tree keeps the project's rules")
struct TreeTests {
    /// Fails for every finding of `rule` in a file of the tree, unless `exceptions` has the file.
    private func check(
        in tree: Result<[SourceFile], any Error> = SourceTree.sources,
        files suffix: String = ".swift",
        except exceptions: [String: String] = [:],
        _ rule: (SourceFile) -> [Finding]
    ) throws {
        let files = try tree.get().filter { $0.path.hasSuffix(suffix) }
        try #require(!files.isEmpty)
        var unused = Set(exceptions.keys)
        for finding in files.flatMap(rule) where unused.remove(finding.path) == nil && exceptions[finding.path] == nil {
            Issue.record("\(finding)")
        }
        for path in unused.sorted() { Issue.record("the exception for \(path) excuses nothing: remove it") }
    }

    @Test("Imports go down") func imports() throws { try check(Rules.upwardImports) }

    @Test("Every task belongs to a group")
    func tasks() throws {
        #expect(Exceptions.unstructuredTasks.count <= 2)
        try check(except: Exceptions.unstructuredTasks, Rules.unstructuredTasks)
    }

    @Test("Decisions read no clock and no randomness") func hiddenInputs() throws { try check(Rules.hiddenInputs) }

    @Test("A worker does not link all of Foundation") func foundation() throws { try check(Rules.fullFoundation) }

    @Test("A worker's pauses and chance can be simulated")
    func unsimulated() throws { try check(except: Exceptions.unsimulated, Rules.unsimulated) }

    @Test("Tests wait for conditions")
    func rawSleeps() throws { try check(in: SourceTree.tests, except: Exceptions.rawSleeps, Rules.rawSleeps) }

    @Test("Tests use Swift Testing")
    func oldTests() throws { try check(in: SourceTree.tests, except: [:], Rules.oldTests) }

    @Test("Tests/run knows the suites with bounds on time")
    func timingSuites() throws {
        let named = try Rules.timingSuites(inScript: SourceTree.text(of: "Tests/run"))
        let tagged = try SourceTree.tests.get().flatMap(Rules.timingSuites)
        #expect(Set(tagged) == named)
    }

    @Test("Nothing ends the process or silences the compiler")
    func traps() throws { try check(except: Exceptions.traps, Rules.traps) }

    @Test("Nothing is printed but by the writer for terminals")
    func rawOutput() throws { try check(except: Exceptions.rawOutput, Rules.rawOutput) }

    @Test("A container's spec comes from the worker's policy") func specs() throws { try check(Rules.uncheckedSpecs) }

    @Test("Files are short") func lengths() throws { try check(except: Exceptions.longFiles, Rules.longFiles) }

    @Test("Lua modules say what callers need") func scripts() throws { try check(files: ".lua", Rules.scriptHeaders) }

    @Test("Functions in Lua are short")
    func scriptFunctions() throws { try check(files: ".lua", Rules.longScriptFunctions) }

    @Test("Each Lua module is in the program, once")
    func embeddedScripts() throws {
        let embedding = try SourceTree.text(of: "Sources/CQueueFunctions/functions.c")
        let embedded = embedding.matches(of: #/#embed "../(JobQueue/Lua/[^"]+)"/#).map { "Sources/" + $0.1 }
        let files = try SourceTree.files(below: ["Sources/JobQueue/Lua"], suffixes: [".lua"]).map(\.path)
        #expect(embedded.sorted() == files.sorted())
    }

    @Test("Every folder of Sources is a module of the package")
    func modules() throws {
        let sources = SourceTree.root.appendingPathComponent("Sources").path
        for module in try FileManager.default.contentsOfDirectory(atPath: sources) where !module.hasPrefix(".") {
            #expect(Rules.imports[module] != nil, "\(module)")
        }
    }

    @Test("The modules' imports have no cycle")
    func acyclic() {
        var placed: Set<String> = []
        while let next = Rules.imports.first(where: { !placed.contains($0.key) && $0.value.isSubset(of: placed) }) {
            placed.insert(next.key)
        }
        #expect(placed == Set(Rules.imports.keys))
    }
}
