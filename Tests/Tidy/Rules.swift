import Foundation

/// The project's own rules. Each is a pure function from a file to what breaks the rule there.
enum Rules {
    /// What each module may import of the others, as Package.swift says. Imports only go down.
    static let imports: [String: Set<String>] = (try? SourceTree.manifest()).map(imports(inManifest:)) ?? [:]

    /// The lines `Module(name: "X", imports: ["Y", ...]` of a manifest, up to those of the tests.
    static func imports(inManifest text: String) -> [String: Set<String>] {
        let sources = text.prefix(upTo: text.firstRange(of: "let moduleTests")?.lowerBound ?? text.endIndex)
        let entry = #/Module\(\s*name: "([^"]+)",\s*imports: \[([^\]]*)\]/#
        var imports: [String: Set<String>] = [
            "CBuildInfo": [], "CHiredis": [], "CLibcrypto": [], "CQueueFunctions": [],
        ]
        for match in sources.matches(of: entry) {
            let names = match.2.matches(of: #/"([^"]+)"/#).map { String($0.1) }
            imports[String(match.1)] = Set(names)
        }
        return imports
    }

    /// Modules whose decisions must follow from what is passed in.
    static let deterministicModules: Set<String> = ["RuntimeCore", "JobContract"]

    /// Most lines of a file in `Sources`.
    static let maximumLines = 400

    /// Imports of modules that lie higher, of `Support`, and files of modules that Package.swift does not have.
    static func upwardImports(_ file: SourceFile) -> [Finding] {
        guard let module = file.module else { return [] }
        guard let allowed = imports[module] else {
            return [Finding(path: file.path, message: "Package.swift has no module \(module)")]
        }
        let modules = Set(imports.keys).union(["Support"])
        return importedModules(file).compactMap { line, imported in
            guard modules.contains(imported), imported != module, !allowed.contains(imported) else { return nil }
            return Finding(path: file.path, line: line, message: "\(module) must not import \(imported)")
        }
    }

    /// Tasks that no group waits for.
    static func unstructuredTasks(_ file: SourceFile) -> [Finding] {
        // After `->` or `:` stands a type, and what follows is the body of its function or property.
        let pattern =
            #/(?:^|[^\w.])Task\s*(?:\(|\{|\.\s*(?:detached|init|immediate|immediateDetached)\b)|(?:^|[^\w.:>\s]|\b(?:return|await|in))\s*Task\s*<[^{}()]*>\s*[({]/#
        return find(pattern, with: ["Task"], in: file, "is an unstructured task: use a task group")
    }

    /// Clocks and randomness in modules that must be given both.
    static func hiddenInputs(_ file: SourceFile) -> [Finding] {
        guard let module = file.module, deterministicModules.contains(module) else { return [] }
        let pattern =
            #/\b(?:Date\s*\(|Date\.now|ContinuousClock|SuspendingClock|clock_gettime|gettimeofday|UUID\s*\(|SystemRandomNumberGenerator|Task\.sleep)|\.(?:random|randomElement|shuffled|shuffle)\s*\(/#
        let words = ["Date", "Clock", "clock_gettime", "gettimeofday", "UUID", "random", "Random", "sleep", "shuffle"]
        return find(pattern, with: words, in: file, "reads a clock or randomness: have it passed in")
    }

    /// Pauses and randomness of the worker's own, by which a simulation would differ from one time to the next.
    static func unsimulated(_ file: SourceFile) -> [Finding] {
        guard file.module == "Runtime" else { return [] }
        let pattern = #/\bTask\.sleep|\bSystemRandomNumberGenerator|\.random\s*\(\s*in:[^,)]*\)/#
        let words = ["sleep", "random", "Random"]
        return find(pattern, with: words, in: file, "is not simulated: use MonotonicClock.sleep and RandomSource")
    }

    /// Pauses of tests by which they wait for something. A pause that is too short fails now and then, and each one makes
    /// the run longer.
    static func rawSleeps(_ file: SourceFile) -> [Finding] {
        guard file.path.hasPrefix("Tests/") else { return [] }
        let pattern =
            #/\b(?:Task|Thread|Glibc|Darwin)\s*\.\s*sleep\b|\b(?:usleep|nanosleep)\s*\(|(?:^|[^\w.])sleep\s*\(\s*(?!for\b)/#
        let message = "waits without a condition: use eventually(), or pause(_:because:)"
        return find(pattern, with: ["sleep"], in: file, message)
    }

    /// Tests of XCTest, which `Tests/run` would not run.
    static func oldTests(_ file: SourceFile) -> [Finding] {
        find(#/\bimport\s+XCTest\b/#, with: ["XCTest"], in: file, "is not run: use Swift Testing")
    }

    /// `import Foundation` that is not the other half of `#if canImport(FoundationEssentials)`: it adds
    /// megabytes to a worker.
    static func fullFoundation(_ file: SourceFile) -> [Finding] {
        guard file.module != nil else { return [] }
        var conditions: [(isEssentials: Bool, isElse: Bool)] = []
        var findings: [Finding] = []
        for (number, text) in file.codeLines {
            guard text.contains(bytesOf: "#") || text.contains(bytesOf: "import") else { continue }
            let line = text.filter { $0 != " " }
            if line.hasPrefix("#if") {
                conditions.append((line == "#ifcanImport(FoundationEssentials)", false))
            } else if line.hasPrefix("#else"), let last = conditions.popLast() {
                conditions.append((last.isEssentials && line == "#else", true))
            } else if line.hasPrefix("#endif") {
                _ = conditions.popLast()
            } else if importedModule(text) == "Foundation",
                !conditions.contains(where: { $0.isEssentials && $0.isElse })
            {
                findings.append(
                    Finding(
                        path: file.path,
                        line: number,
                        message: "imports Foundation: import FoundationEssentials where it can be imported"
                    )
                )
            }
        }
        return findings
    }

    /// What ends the process, or tells the compiler to believe.
    static func traps(_ file: SourceFile) -> [Finding] {
        guard file.module != nil else { return [] }
        let pattern = #/\btry!|\bas!|\bfatalError\s*\(|@unchecked\s+Sendable|\bnonisolated\s*\(\s*unsafe\s*\)/#
        let words = ["try!", "as!", "fatalError", "@unchecked", "nonisolated"]
        return find(pattern, with: words, in: file, "needs an entry in the list of exceptions, with its reason")
    }

    /// Ways to stdout and stderr around the one writer, which escapes what could disturb a terminal; and ways to make its
    /// text out of a string that is not of the program.
    static func rawOutput(_ file: SourceFile) -> [Finding] {
        guard file.module != nil else { return [] }
        let pattern =
            #/(?:^|[^\w.])(?:print|debugPrint|dump|puts|fputs|putchar|fputc|printf|vprintf|fprintf|vfprintf|dprintf|fwrite|perror|psignal)\s*\(|\bFileHandle\s*\.\s*standard|\bFileDescriptor\s*\.\s*standard|\bSTD(?:OUT|ERR)_FILENO\b|\bwrite\s*\(\s*[12]\s*,|\bTerminalText\s*(?:\.\s*init\s*)?\(\s*(?:stringLiteral|stringInterpolation)\s*:/#
        let words = [
            "print", "Print", "dump", "put", "write", "perror", "psignal", "FileHandle", "FileDescriptor", "_FILENO",
            "TerminalText",
        ]
        return find(pattern, with: words, in: file, "goes around StandardOutput, StandardError and TerminalText")
    }

    /// Specs of containers that the policy of the worker has not allowed: only `Policy` uses the one file that makes specs.
    static func uncheckedSpecs(_ file: SourceFile) -> [Finding] {
        guard file.module != nil, file.module != "DockerPort" else { return [] }
        var findings: [Finding] = []
        if file.path != "Sources/RuntimeCore/Policy/Translation.swift" {
            findings += find(
                #/\bRunSpec\s*\(/#,
                with: ["RunSpec"],
                in: file,
                "makes a container's spec: ask Policy.allow for one"
            )
        }
        if file.path != "Sources/RuntimeCore/Policy/Policy.swift" {
            findings += find(
                #/\bTranslation\s*\(/#,
                with: ["Translation"],
                in: file,
                "goes around the policy: ask Policy.allow"
            )
        }
        return findings
    }

    static func longFiles(_ file: SourceFile) -> [Finding] {
        let lines = file.text.split(separator: "\n", omittingEmptySubsequences: false).count
        guard file.module != nil, lines > maximumLines else { return [] }
        return [Finding(path: file.path, message: "has \(lines) lines, more than \(maximumLines): split it")]
    }

    /// What the comments of a Lua module say about its functions of Redis: each its replies, and why it is one step.
    static let scriptLabels = ["Returns:", "Atomic because:"]

    /// The names of the suites that have the tag `.timing`.
    static func timingSuites(_ file: SourceFile) -> [String] {
        file.text.matches(of: #/@Suite\(.*\.tags\(\.timing\).*\)\s+struct (\w+)/#).map { String($0.1) }
    }

    /// The names of the suites that the script runs two tests at a time.
    static func timingSuites(inScript text: String) -> Set<String> {
        let lists = text.matches(of: #/\ntiming\+?='([\w|]+)'/#)
        return Set(lists.flatMap { $0.1.split(separator: "|").map(String.init) })
    }

    /// Lua modules whose comments do not say what a caller and a reviewer must know.
    static func scriptHeaders(_ file: SourceFile) -> [Finding] {
        guard file.path.hasSuffix(".lua") else { return [] }
        let lines = file.text.split(separator: "\n", omittingEmptySubsequences: false)
        let comments = lines.filter { $0.hasPrefix("--") }.joined(separator: " ")
        let defined = lines.count { $0.hasPrefix("define") }
        var findings: [Finding] = []
        if lines.first?.hasPrefix("-- Purpose: ") != true {
            findings.append(Finding(path: file.path, message: "its first line is no `-- Purpose: ...`"))
        }
        for label in defined == 0 ? [] : scriptLabels
        where comments.split(separator: label).count <= (label == scriptLabels[0] ? defined : 1) {
            findings.append(Finding(path: file.path, message: "a function that Redis calls lacks `\(label) ...`"))
        }
        return findings
    }

    /// Functions in Lua of more than 40 lines.
    static func longScriptFunctions(_ file: SourceFile) -> [Finding] {
        guard file.path.hasSuffix(".lua") else { return [] }
        var begin: Int?
        var findings: [Finding] = []
        for (number, line) in file.text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            if line.contains(/^(local )?function |^define.*function\(/) { begin = number }
            guard let first = begin, line.hasPrefix("end") else { continue }
            if number - first >= 40 {
                findings.append(Finding(path: file.path, message: "line \(first + 1): a function of over 40 lines"))
            }
            begin = nil
        }
        return findings
    }

    /// Modules that `file` imports, with the lines.
    static func importedModules(_ file: SourceFile) -> [(line: Int, module: String)] {
        file.codeLines.flatMap { number, text -> [(line: Int, module: String)] in
            guard text.contains(bytesOf: "import") else { return [] }
            return text.split(separator: ";").compactMap { importedModule($0).map { (number, $0) } }
        }
    }

    /// `Redis` of `@testable import struct Redis.Connection`.
    private static func importedModule(_ text: Substring) -> String? {
        guard text.contains(bytesOf: "import") else { return nil }
        let pattern =
            #/^\s*(?:@\w+(?:\([^)]*\))?\s+)*(?:(?:public|package|internal|fileprivate|private)\s+)?import\s+(?:(?:struct|class|enum|protocol|typealias|func|let|var|actor)\s+)?(\w+)/#
        return text.firstMatch(of: pattern).map { String($0.1) }
    }

    /// Every place of the file's code that `pattern` matches. Each match contains one of the words: a search for words
    /// costs a hundredth of a search for the pattern.
    private static func find<Output>(
        _ pattern: Regex<Output>,
        with words: [String],
        in file: SourceFile,
        _ message: String
    ) -> [Finding] {
        guard words.contains(where: { file.code.contains(bytesOf: $0) }) else { return [] }
        return file.codeLines.flatMap { number, text -> [Finding] in
            guard words.contains(where: { text.contains(bytesOf: $0) }) else { return [] }
            return text.matches(of: pattern).map { match in
                let shown = text[match.range].trimmingPrefix { !$0.isLetter && $0 != "." && $0 != "@" }
                return Finding(path: file.path, line: number, message: "`\(shown)` \(message)")
            }
        }
    }
}

extension StringProtocol {
    /// Whether the bytes of a word stand in the text.
    fileprivate func contains(bytesOf word: String) -> Bool { withCString { strstr($0, word) != nil } }
}
