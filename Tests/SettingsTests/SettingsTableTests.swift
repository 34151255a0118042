import Foundation
import Support
import Testing

@testable import Settings
@testable import Terminal

@Suite("Table of settings in the contract")
struct SettingsTableTests {
    private static let path = ContractSchemas.root.appending(path: "docs/reference/contract.md")

    /// With `RTM_TEST_WRITE=1`, this test writes the table into the page.
    @Test("the page has the table of the descriptors")
    func page() throws {
        let page = try String(contentsOf: Self.path, encoding: .utf8)
        let wanted = try #require(SettingsTable.inserted(into: page), "the page lacks a mark of the table")
        if ProcessInfo.processInfo.environment["RTM_TEST_WRITE"] == "1" {
            try Data(wanted.utf8).write(to: Self.path)
            return
        }
        let (present, right) = (page.split(separator: "\n"), wanted.split(separator: "\n"))
        for (line, other) in zip(present, right) { #expect(line == other) }
        #expect(page == wanted, "RTM_TEST_WRITE=1 swift test --filter SettingsTableTests writes the table anew")
    }

    /// With `RTM_TEST_WRITE=1`, this test writes the file.
    @Test("the settings file of the packages has every setting, and reads as a settings file")
    func template() throws {
        let path = ContractSchemas.root.appending(path: "deploy/systemd/rtmanager.conf")
        if ProcessInfo.processInfo.environment["RTM_TEST_WRITE"] == "1" {
            return try Data(SettingsTemplate.text.utf8).write(to: path)
        }
        let text = try String(contentsOf: path, encoding: .utf8)
        #expect(text == SettingsTemplate.text, "RTM_TEST_WRITE=1 swift test --filter SettingsTableTests writes it anew")
        // A person removes the # of the lines with a default.
        let shown = text.replacing(#/(?m)^#(RTM_[A-Z_]+=.+)$/#) { String($0.1) }
        let file = SettingsFile(path: "rtmanager.conf", text: shown)
        #expect(file.problems.isEmpty && file.entries.count > 20, "\(file.problems)")
        let names = text.matches(of: #/#(RTM_[A-Z_]+)=/#).map { String($0.1) }
        #expect(Set(names) == Set(SettingDescriptor.all.map(\.name) + ["RTM_ENV_NAME"]).subtracting(["RTM_CONFIG"]))
    }

    @Test("a page without both marks, in order and once, is refused")
    func marks() {
        let (begin, end) = SettingsTable.marks
        #expect(SettingsTable.inserted(into: "a\n\(begin)\nold\n\(end)\nb\n")?.hasSuffix("\n\n\(end)\nb\n") == true)
        let whole = "a\n\(begin)\n\n\(SettingsTable.markdown)\n\n\(end)\nb\n"
        #expect(SettingsTable.inserted(into: whole) == whole)
        for page in [
            "a", "a\n\(begin)\nb", "a\n\(end)\nb", "a\n\(end)\n\(begin)\nb", "a \(begin)\n\(end)\n",
            "a\n\(begin)\nx\n\(begin)\nx\n\(end)\nb", "a\n\(begin)\nx\n\(end)\nx\n\(end)\nb",
        ] {
            #expect(SettingsTable.inserted(into: page) == nil, "\(page)")
        }
    }

    private static let rows = SettingsTable.markdown.split(separator: "\n").map(String.init)

    @Test("each setting has one row, in the order of the help; the variables of games stand before the limits")
    func order() throws {
        let names = Self.rows.dropFirst(2).map { $0.split(separator: "`")[1] }.map(String.init)
        var expected = SettingDescriptor.all.map(\.name)
        expected.insert("RTM_ENV_NAME", at: try #require(expected.firstIndex(of: "RTM_CPU_QUOTA")))
        #expect(names == expected)
    }

    @Test("each row has four cells with text, and code marks in pairs")
    func cells() {
        for row in Self.rows where !row.contains("RTM_ENV_NAME") {
            let cells = row.components(separatedBy: " | ")
            #expect(cells.count == 4 && cells.allSatisfy { !$0.isEmpty }, "\(row)")
            #expect(row.count { $0 == "`" }.isMultiple(of: 2), "\(row)")
            #expect(!row.contains(".  ") && !row.hasSuffix(". |"), "\(row)")
        }
    }

    @Test(
        "a row says what empty text means, separates thousands, and has more facts than the help where there are more",
        arguments: [
            "| `RTM_NAMESPACE` | `rtm` | 1 to 64 of `A-Z a-z 0-9 _ . -` | "
                + "Separates this deployment from others on the same Redis |",
            "| `RTM_NODE` | the Docker Engine's own id | 1 to 128 of `A-Z a-z 0-9 : _ . -` | Id of this node |",
            "| `RTM_HTTP` | `127.0.0.1:8081` | `HOST:PORT` with a port from 0 to 65535; empty: none | "
                + "Address of `/healthz`, `/readyz`, `/metrics` and the console. "
                + "If the port is in use, the worker warns and runs on |",
            "| `RTM_RETENTION_SECONDS` | `604800` | a whole number of seconds from 60 to 31,536,000 | "
                + "How long results and ids are kept |",
            "| `RTM_ENV_NAME` | | any value | Variable `NAME` of every game |",
            "| `RTM_LOG_FORMAT` | `text` | `text` or `json` | Format of the log on stderr |",
        ]
    )
    func samples(row: String) { #expect(Self.rows.contains(row), "\(Self.rows.joined(separator: "\n"))") }

    @Test(
        "messages and help have the same words without Markdown",
        arguments: [
            ("RTM_CAP_ADD", "Capabilities that games keep; empty: none"),
            ("RTM_CONCURRENCY", "Starts at once, and as many stops; empty: 2 a core"),
            ("RTM_OTLP_ENDPOINT", "Collector for the spans of jobs, by OTLP/HTTP; empty: no spans"),
            ("RTM_SLOTS", "Most games on this node; 0: no bound"),
        ]
    )
    func help(name: String, summary: String) throws {
        #expect(try #require(SettingDescriptor.named(name)).summary == summary)
        for setting in SettingDescriptor.all {
            let words = setting.allowed + setting.summary
            #expect(!words.contains { "`|\n".contains($0) }, "\(setting.name)")
            // A message masks what looks like a URL with a secret. The words of a setting must not look so.
            #expect(MaskedURL.maskAll(in: words) == words, "\(setting.name)")
        }
    }
}
