import Foundation
import JobContract
import RuntimeCore
import Support
import Testing

@testable import Runtime

@Suite("The state folder of a game")
struct StateFolderTests {
    private struct Metadata: Equatable {
        var mode: Int?
        var user: UInt32?
        var group: UInt32?

        init(_ path: String) throws {
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            mode = attributes[.posixPermissions] as? Int
            user = (attributes[.ownerAccountID] as? NSNumber)?.uint32Value
            group = (attributes[.groupOwnerAccountID] as? NSNumber)?.uint32Value
        }
    }

    private func with(_ body: (String) async throws -> Void) async throws {
        let root = try temporaryDirectory("folders")
        defer { try? FileManager.default.removeItem(atPath: root) }
        try await body(root)
    }

    @Test("is created with the configured owner and mode, and with its parents")
    func made() async throws {
        try await with { root in
            let owner = WorkerConfiguration.StateOwner(user: getuid() == 0 ? 1_234 : getuid(), group: getgid())
            let folder = StateFolder(owner: owner, mode: 0o2770)
            try await folder.prepare(root + "/a/b/game")
            let metadata = try Metadata(root + "/a/b/game")
            #expect(metadata.mode == 0o2770 && metadata.user == owner.user && metadata.group == owner.group)
            #expect(try Metadata(root + "/a").mode == 0o755)
            #expect(try FileManager.default.contentsOfDirectory(atPath: root + "/a/b") == ["game"])
        }
    }

    @Test("is not changed if it exists")
    func kept() async throws {
        try await with { root in
            let folder = StateFolder(owner: nil, mode: 0o750)
            try await folder.prepare(root + "/game")
            try Data().write(to: URL(fileURLWithPath: root + "/game/save"))
            let before = try Metadata(root + "/game")
            try await StateFolder(owner: nil, mode: 0o777).prepare(root + "/game")
            #expect(try Metadata(root + "/game") == before)
            #expect(FileManager.default.fileExists(atPath: root + "/game/save"))
        }
    }

    @Test("is never a link or a file")
    func refused() async throws {
        try await with { root in
            let files = FileManager.default
            try files.createSymbolicLink(atPath: root + "/link", withDestinationPath: "/etc")
            try files.createSymbolicLink(atPath: root + "/dangling", withDestinationPath: root + "/elsewhere")
            try Data().write(to: URL(fileURLWithPath: root + "/file"))
            for name in ["link", "dangling", "file"] {
                let failure = await #expect(throws: JobFailure.self) {
                    try await StateFolder(owner: nil, mode: 0o750).prepare(root + "/" + name)
                }
                #expect(failure?.code == .mountNotAllowed && failure?.retryable == false)
                #expect(failure?.message.contains("a link or a file has its name") == true)
            }
            #expect(!files.fileExists(atPath: root + "/elsewhere"))
        }
    }

    @Test("is complete or absent, whatever an earlier attempt left")
    func leftOver() async throws {
        try await with { root in
            let path = root + "/game"
            try FileManager.default.createDirectory(
                atPath: StateFolder.draft(of: path),
                withIntermediateDirectories: true
            )
            try await StateFolder(owner: nil, mode: 0o710).prepare(path)
            #expect(try Metadata(path).mode == 0o710)
            #expect(try FileManager.default.contentsOfDirectory(atPath: root) == ["game"])
        }
    }

    @Test("reports the failed system call if it cannot be created")
    func impossible() async throws {
        let failure = await #expect(throws: JobFailure.self) {
            try await StateFolder(owner: nil, mode: 0o750).prepare("/proc/no-such/game")
        }
        #expect(failure?.message.contains("mkdir /proc/no-such") == true)
        #expect(failure?.retryable == true)
    }
}
