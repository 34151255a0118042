import Foundation

/// One file of the project.
struct SourceFile: Sendable {
    /// Path from the package's root, with `/`.
    var path: String
    var text: String
    /// ``text`` without comments and without the text of string literals, line for line.
    var code: String

    init(path: String, text: String) {
        self.path = path
        self.text = text
        code = path.hasSuffix(".swift") ? codeOnly(text) : text
    }

    /// Lines of ``code`` with their numbers.
    var codeLines: [(number: Int, text: Substring)] {
        code.split(separator: "\n", omittingEmptySubsequences: false).enumerated().map { ($0.offset + 1, $0.element) }
    }

    /// `Redis` of `Sources/Redis/Connection.swift`; nil outside of `Sources`.
    var module: String? {
        let parts = path.split(separator: "/")
        return parts.count > 2 && parts[0] == "Sources" ? String(parts[1]) : nil
    }
}

/// One place that breaks a rule.
struct Finding: Sendable, Equatable, CustomStringConvertible {
    var path: String
    var line: Int?
    var message: String

    var description: String { "\(path)\(line.map { ":\($0)" } ?? ""): \(message)" }
}

/// The project's own files.
enum SourceTree {
    static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    static func manifest() throws -> String { try text(of: "Package.swift") }

    static func text(of path: String) throws -> String {
        try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
    }

    /// The project's Swift files and scripts, read once.
    static let sources = Result { try files(below: ["Sources"], suffixes: [".swift", ".lua"]) }

    /// The Swift files of the tests, read once.
    static let tests = Result { try files(below: ["Tests"], suffixes: [".swift"]) }

    /// Files below `folders` that end in one of `suffixes`, by path.
    static func files(below folders: [String], suffixes: [String]) throws -> [SourceFile] {
        var found: [SourceFile] = []
        for folder in folders {
            let paths = try FileManager.default.subpathsOfDirectory(atPath: root.appendingPathComponent(folder).path)
            for path in paths where suffixes.contains(where: path.hasSuffix) {
                let file = root.appendingPathComponent(folder).appendingPathComponent(path)
                found.append(SourceFile(path: "\(folder)/\(path)", text: try String(contentsOf: file, encoding: .utf8)))
            }
        }
        return found.sorted { $0.path < $1.path }
    }
}

/// `source` with blanks in place of comments and of the text of string literals; what is interpolated stays.
func codeOnly(_ source: String) -> String {
    var stripper = CommentStripper(Array(source.utf8))
    stripper.code(untilClosed: false)
    return String(decoding: stripper.output, as: UTF8.self)
}

/// Walks over Swift source byte by byte; knows comments, strings and nothing else.
private struct CommentStripper {
    let input: [UInt8]
    var position = 0
    var output: [UInt8] = []

    init(_ input: [UInt8]) { self.input = input }

    private func isNext(_ text: String) -> Bool {
        // The first byte decides nearly always, and costs a hundredth.
        input[position] == text.utf8.first && input[position...].starts(with: text.utf8)
    }

    private mutating func keep(_ count: Int = 1) {
        for _ in 0..<min(count, input.count - position) {
            output.append(input[position])
            position += 1
        }
    }

    private mutating func blank(_ count: Int = 1) {
        for _ in 0..<min(count, input.count - position) {
            output.append(input[position] == UInt8(ascii: "\n") ? UInt8(ascii: "\n") : UInt8(ascii: " "))
            position += 1
        }
    }

    /// Code up to the end, or up to the parenthesis that closes an interpolation.
    mutating func code(untilClosed: Bool) {
        var depth = 0
        while position < input.count {
            if isNext("//") {
                while position < input.count, input[position] != UInt8(ascii: "\n") { blank() }
            } else if isNext("/*") {
                blockComment()
            } else if let hashes = stringHashes() {
                string(hashes: hashes)
            } else {
                if input[position] == UInt8(ascii: "(") { depth += 1 }
                if input[position] == UInt8(ascii: ")") { depth -= 1 }
                keep()
                if untilClosed, depth == 0 { return }
            }
        }
    }

    private mutating func blockComment() {
        var depth = 0
        repeat {
            if isNext("/*") {
                depth += 1
                blank(2)
            } else if isNext("*/") {
                depth -= 1
                blank(2)
            } else {
                blank()
            }
        } while depth > 0 && position < input.count
    }

    /// How many `#` stand before the quote of a string that begins here; nil where none does.
    private func stringHashes() -> Int? {
        guard input[position] == UInt8(ascii: "#") || input[position] == UInt8(ascii: "\"") else { return nil }
        let hashes = input[position...].prefix { $0 == UInt8(ascii: "#") }.count
        let quote = position + hashes
        return quote < input.count && input[quote] == UInt8(ascii: "\"") ? hashes : nil
    }

    private mutating func string(hashes: Int) {
        let marks = String(repeating: "#", count: hashes)
        keep(hashes)
        let quotes = isNext("\"\"\"") ? "\"\"\"" : "\""
        keep(quotes.utf8.count)
        while position < input.count {
            if isNext(quotes + marks) {
                keep(quotes.utf8.count + hashes)
                return
            } else if isNext("\\\(marks)(") {
                blank(1 + hashes)
                code(untilClosed: true)
            } else if isNext("\\" + marks) {
                blank(2 + hashes)
            } else {
                blank()
            }
        }
    }
}
