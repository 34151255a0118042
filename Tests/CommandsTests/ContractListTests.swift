import DockerPort
import Foundation
import JobContract
import RuntimeCore
import Support
import Testing

/// The contract's lists and the code's lists must be the same. A test of single samples misses a dropped element.
@Suite("The lists of the contract")
struct ContractListTests {
    /// Returns the words in code between the first `begin` of the contract and the `end` behind.
    private static func words(from begin: String, to end: String) throws -> [String] {
        let path = ContractSchemas.root.appending(path: "docs/reference/contract.md")
        let page = try String(contentsOf: path, encoding: .utf8).replacing("\n", with: " ").replacing(#/ +/#, with: " ")
        let start = try #require(page.firstRange(of: begin), "the contract has no \"\(begin)\"")
        let rest = page[start.upperBound...]
        let stop = try #require(rest.firstRange(of: end), "the contract has no \"\(end)\" behind \"\(begin)\"")
        return rest[..<stop.lowerBound].matches(of: #/`([^`]+)`/#).map { String($0.1) }
    }

    @Test("name the labels of known tools")
    func toolLabels() throws {
        let words = try Self.words(from: "do not matter for the exceptions:", to: "## 6.")
        let prefixes = words.map { String($0.dropLast()) }
        #expect(words.allSatisfy { $0.hasSuffix("*") })
        #expect(prefixes.sorted() == LabelRules.toolPrefixes.sorted())
    }

    @Test("name the system directories that are no mount root")
    func systemDirectories() throws {
        let words = try Self.words(from: "no root is or contains a system directory:", to: "|")
        #expect(words.sorted() == MountRootRules.systemDirectories.sorted())
    }

    @Test("name the system directories of a container")
    func mountTargets() throws {
        let words = try Self.words(from: "System directories are", to: "`mount_path` must not cover")
        #expect(words.count == 14)
        for directory in words {
            #expect(MountTargets.isProtected(directory), "\(directory)")
            #expect(MountTargets.isProtected(directory + "/x"), "\(directory)")
            #expect(!MountTargets.isProtected(directory + "x"), "\(directory)")
        }
    }

    @Test("name the reserved labels")
    func reservedLabels() throws {
        let prefixes = try Self.words(from: "Reserved are the prefixes", to: "Also reserved")
        let names = try Self.words(from: "Also reserved are the names", to: ", which Docker")
        #expect(prefixes.count == 4 && names.count == 5)
        for name in prefixes.map({ $0 + "x" }) + names {
            #expect(Syntax.isReservedLabel(name), "\(name)")
            #expect(!Syntax.isReservedLabel("x." + name), "\(name)")
        }
    }

    @Test("name the reserved labels in the schema of a job, too", arguments: ["start", "restart"])
    func reservedLabelsOfSchema(kind: String) throws {
        let prefixes = try Self.words(from: "Reserved are the prefixes", to: "Also reserved")
        let names = try Self.words(from: "Also reserved are the names", to: ", which Docker")
        for name in prefixes.map({ $0 + "x" }) + names + ["team"] {
            let message = #"{"v":1,"id":"j","kind":"\#(kind)","game_id":"g","image":"i:1","labels":{"\#(name)":"1"}}"#
            let problems = try ContractSchemas.job.get().problems(of: TestJSON(text: Data(message.utf8)))
            #expect(problems.isEmpty == (name == "team"), "\(name)")
        }
    }
}
