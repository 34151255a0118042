import Foundation
import Support
import Testing

extension Deployment {
    /// The path from a clone to a fleet on three hosts, as `docs/guide/deploy.md` has it. Every command of the page runs,
    /// on hosts with systemd, except for the few that the page itself marks with what they need.
    @Suite("The guide to a deployment", .timeLimit(.minutes(5)))
    struct GuideTests {
        private static let root = ContractSchemas.root.path

        @Test("leads from nothing to three workers on two hosts, as it says")
        func deploy() async throws {
            let directory = try temporaryDirectory("guide")
            defer { try? FileManager.default.removeItem(atPath: directory) }
            let release = ["\(Self.root)/deploy/release", "--binary", try Program.path, "--package", directory]
            try await Tool.run(release)
            let names = try FileManager.default.contentsOfDirectory(atPath: directory)
            let package = try #require(names.first { $0.hasSuffix(".deb") })
            let log = directory + "/log"
            let guide = try await ChildProcess.start(
                ["\(Self.root)/Tests/guide", "\(Self.root)/docs/guide/deploy.md", "\(directory)/\(package)"],
                logPath: log
            )
            let code = await guide.waitForExit(atMost: .seconds(240))
            await guide.end(within: .seconds(60))
            #expect(code == 0, "\(guide.log)")
            // What no test can have: a build of minutes, other machines with SSH, and a registry.
            let leftOut = guide.log.split(separator: "\n").filter { $0.hasPrefix("left out: ") }
            #expect(leftOut.count == 3, "\(leftOut)")
        }

        @Test("a command that fails is named with its line, its host and its output")
        func failure() async throws {
            let directory = try temporaryDirectory("guide")
            defer { try? FileManager.default.removeItem(atPath: directory) }
            let page = directory + "/page.md"
            let text = "# A page\n\n```sh host-a host-c\nhostname\n```\n\n```sh host-b\nhostname && ls /none\n```\n"
            try text.write(toFile: page, atomically: true, encoding: .utf8)
            let guide = try await ChildProcess.start(
                ["\(Self.root)/Tests/guide", page, "/no/package"],
                logPath: directory + "/log"
            )
            #expect(await guide.waitForExit(atMost: .seconds(60)) == 1)
            #expect(guide.log.contains("\(page):7 on host-b ended with 2"), "\(guide.log)")
            #expect(guide.log.contains("printed:\nhost-b\n"))
        }
    }
}
