import Foundation
import Testing

/// What a page refers to.
private struct Page {
    var path: String
    var text: String

    var folder: String { path.contains("/") ? String(path[..<(path.lastIndex(of: "/") ?? path.endIndex)]) : "" }

    /// Targets of links to files of the project, from the package's root, each with its anchor or an empty text.
    var links: [(file: String, anchor: String)] {
        text.matches(of: #/\]\(([^)\s]+)\)/#).compactMap { match in
            let target = String(match.1)
            guard !target.contains("://"), !target.hasPrefix("mailto:") else { return nil }
            let parts = target.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            let file = parts[0].isEmpty ? path : Self.normalized(folder + "/" + parts[0])
            return (file, parts.count == 2 ? parts[1] : "")
        }
    }

    /// Paths of the project between backticks, without those that hold a name to be filled in (`NAME`).
    var paths: [String] {
        text.matches(of: #/`((?:Sources|Tests|docs|deploy)\/[A-Za-z0-9_.\/+\-]+)`/#).map { String($0.1) }
            .filter { !$0.contains(#/\/[A-Z]{4,}(?:[.\/]|$)/#) }
    }

    /// The anchors of the page's headings, as GitHub makes them.
    var anchors: Set<String> {
        var isCode = false
        var anchors: Set<String> = []
        for line in text.split(separator: "\n") {
            if line.hasPrefix("```") { isCode.toggle() }
            guard !isCode, line.hasPrefix("#") else { continue }
            let title = line.drop { $0 == "#" }.trimmingPrefix(" ").lowercased()
            anchors.insert(
                String(title.filter { $0.isLetter || $0.isNumber || $0 == " " || $0 == "-" || $0 == "_" })
                    .replacingOccurrences(of: " ", with: "-")
            )
        }
        return anchors
    }

    private static func normalized(_ path: String) -> String {
        var parts: [Substring] = []
        for part in path.split(separator: "/") where part != "." {
            if part == "..", !parts.isEmpty { parts.removeLast() } else { parts.append(part) }
        }
        return parts.joined(separator: "/")
    }
}

@Suite("The documentation names what exists")
struct DocumentTests {
    private static let pages = Result {
        try SourceTree.files(below: ["docs"], suffixes: [".md"]).map { Page(path: $0.path, text: $0.text) } + [
            Page(
                path: "README.md",
                text: try String(contentsOf: SourceTree.root.appendingPathComponent("README.md"), encoding: .utf8)
            )
        ]
    }

    private func exists(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: SourceTree.root.appendingPathComponent(path).path)
    }

    @Test("Links lead to files and headings")
    func links() throws {
        let pages = try Self.pages.get()
        let anchors = Dictionary(uniqueKeysWithValues: pages.map { ($0.path, $0.anchors) })
        try #require(pages.count > 30)
        for page in pages {
            for link in page.links {
                #expect(exists(link.file), "\(page.path) links to \(link.file)")
                guard !link.anchor.isEmpty, let known = anchors[link.file] else { continue }
                #expect(known.contains(link.anchor), "\(page.path) links to \(link.file)#\(link.anchor)")
            }
        }
    }

    @Test("Files and folders that pages name exist")
    func paths() throws {
        for page in try Self.pages.get() {
            for path in page.paths { #expect(exists(path), "\(page.path) names \(path)") }
        }
    }
}
