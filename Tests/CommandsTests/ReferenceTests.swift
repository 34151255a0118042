import ArgumentParser
import Foundation
import Support
import Testing

@testable import Commands
@testable import Settings

@Suite("The reference of settings")
struct ReferenceTests {
    /// Rows of the table of settings: the names in the first cell, and the defaults in the second.
    private static func rows() throws -> [(names: [String], defaults: [String])] {
        let path = ContractSchemas.root.appending(path: "docs/reference/contract.md")
        let page = try String(contentsOf: path, encoding: .utf8)
        let section = try #require(page.split(separator: "\n## 9. Settings", maxSplits: 1).last)
        func code(_ cell: Substring) -> [String] { cell.matches(of: #/`([^`]+)`/#).map { String($0.1) } }
        return section.split(separator: "\n").filter { $0.hasPrefix("| `RTM_") }.map { line in
            let cells = line.split(separator: "|", omittingEmptySubsequences: false)
            return (code(cells[1]), code(cells[2]))
        }
    }

    @Test("lists every setting of the code once, and no other")
    func names() throws {
        let documented = try Self.rows().flatMap(\.names).sorted()
        #expect(documented == (SettingDescriptor.all.map(\.name) + ["RTM_ENV_NAME"]).sorted())
    }

    @Test("has the defaults of the code")
    func defaults() throws {
        for (names, defaults) in try Self.rows() where defaults.count == names.count {
            for (name, value) in zip(names, defaults) {
                let descriptor = try #require(SettingDescriptor.named(name))
                #expect(descriptor.defaultText == value, "\(name)")
            }
        }
        for descriptor in SettingDescriptor.all where !descriptor.defaultText.isEmpty {
            let row = try #require(try Self.rows().first { $0.names.contains(descriptor.name) })
            #expect(row.defaults.contains(descriptor.defaultText), "\(descriptor.name)")
        }
    }

    @Test("lists every command of the program")
    func commands() throws {
        let page = try String(
            contentsOf: ContractSchemas.root.appending(path: "docs/reference/contract.md"),
            encoding: .utf8
        )
        for command in RootCommand.configuration.subcommands where command.configuration.shouldDisplay {
            let name = command.configuration.commandName ?? ""
            #expect(page.contains("| `rtmanager \(name)"), "\(name)")
        }
    }
}
