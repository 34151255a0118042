import Foundation
import Support
import Testing

@testable import Settings

@Suite("The settings file")
struct SettingsFileTests {
    @Test(
        "a line has a name and a value; blanks, quotes and comments do not count",
        arguments: [
            ("RTM_X=1", "1"), ("  RTM_X\t=  1  ", "1"), ("RTM_X=1\r", "1"), ("RTM_X=", ""), ("RTM_X=\"\"", ""),
            ("RTM_X=\" a \"", " a "), ("RTM_X='a'", "a"), ("RTM_X='a\"", "'a\""), ("RTM_X=\"", "\""),
            ("RTM_X=a=b", "a=b"), ("RTM_X=a # b", "a # b"), ("RTM_X=\"a\"b", "\"a\"b"), ("RTM_X=\u{e4}", "\u{e4}"),
        ]
    )
    func values(line: String, value: String) {
        let file = SettingsFile(path: "f", text: "# a comment\n\n \t\n\(line)\n  # another\n")
        #expect(file.entries == ["RTM_X": .init(value: value, line: 4)])
        #expect(file.problems.isEmpty)
    }

    @Test(
        "a line without a valid name is reported with its number",
        arguments: ["RTM_X", "=1", "RTM X=1", "export RTM_X=1", "RTM-X=1", "\u{FEFF}RTM_X=1"]
    )
    func wrongLines(line: String) {
        let file = SettingsFile(path: "/etc/f", text: "RTM_A=1\n\(line)")
        #expect(file.problems.map(\.description) == ["/etc/f, line 2: must be NAME=value, a comment (#) or blank"])
        #expect(file.entries.keys.sorted() == ["RTM_A"])
    }

    @Test("the first of two lines with a name stays, and the second is reported")
    func twice() {
        let file = SettingsFile(path: "/etc/f", text: "RTM_A=1\n\nRTM_A=2\nRTM_A=3")
        #expect(file.entries == ["RTM_A": .init(value: "1", line: 1)])
        #expect(
            file.problems.map(\.description) == [
                "RTM_A (/etc/f, line 3): is given twice, also in line 1",
                "RTM_A (/etc/f, line 4): is given twice, also in line 1",
            ]
        )
    }

    @Test("a file that is too large, or no text, is refused with the reason")
    func wrongFiles() throws {
        let directory = try temporaryDirectory("file")
        defer { try? FileManager.default.removeItem(atPath: directory) }
        func reason(_ bytes: Data) throws -> String? {
            try bytes.write(to: URL(fileURLWithPath: directory + "/f"))
            guard case .failure(let problem) = SettingsFiles.text(ofFile: directory + "/f") else { return nil }
            return problem.reason
        }
        let fitting = try reason(Data(repeating: 0x23, count: 1 << 20))
        #expect(fitting == nil)
        let large = try reason(Data(repeating: 0x23, count: 1 << 20 + 1))
        #expect(large == "has more than 1048576 bytes")
        let binary = try reason(Data([0x23, 0xFF]))
        #expect(binary == "is not UTF-8")
    }

    @Test("a real path has no links, and keeps the part that does not exist")
    func realPaths() throws {
        let directory = try temporaryDirectory("links")
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let real = SettingsFiles.realPath(directory)
        try FileManager.default.createDirectory(atPath: directory + "/a", withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(atPath: directory + "/b", withDestinationPath: "a")
        #expect(SettingsFiles.realPath(directory + "/b/new/er") == real + "/a/new/er")
        #expect(SettingsFiles.realPath("/") == "/" && SettingsFiles.realPath("/no/such") == "/no/such")
    }

    @Test(
        "settings that do not fit together are refused, each with its reason",
        arguments: [
            (
                ["RTM_LOG_DRIVER": "none", "RTM_LOG_OPTS": "max-file=3"],
                "RTM_LOG_OPTS=\"max-file=3\" (environment): the log driver none takes no max-size, max-file and compress"
            ),
            (
                ["RTM_MAX_MEMORY": "1g", "RTM_MEMORY": "2g"],
                "RTM_MAX_MEMORY=\"1g\" (environment): must not be below RTM_MEMORY (2g)"
            ),
            (
                ["RTM_ALLOWED_MOUNT_ROOTS": "/srv/a,/srv/a/b"],
                "RTM_ALLOWED_MOUNT_ROOTS=\"/srv/a,/srv/a/b\" (environment): /srv/a/b lies inside /srv/a; "
                    + "name directories of their own, apart from each other"
            ),
        ]
    )
    func together(environment: [String: String], message: String) {
        do throws(SettingsError) {
            let loaded = try Settings.load(from: SettingsSource(environment: environment), for: .worker)
            Issue.record("\(loaded)")
        } catch {
            #expect(error.problems.map(\.description) == [message])
        }
    }

    @Test("a misspelt name is quoted in the warning, and the project's own test variables are not warned of")
    func warnings() throws {
        let environment = ["RTM_\u{1B}[2J": "1", "RTM_TEST_SEEDS": "1", "RTM_ENV_A": "1", "RTMX": "1"]
        let loaded = try Settings.load(from: SettingsSource(environment: environment), for: .worker)
        #expect(loaded.warnings == [#"RTM_\u001b[2J in the environment is no setting and has no effect"#])
    }
}
