import DockerPort
import Foundation
import Testing

@testable import DockerEngine

@Suite("Paths of the host that are mounted")
struct HostPathsTests {
    /// A directory with a directory, a file, a socket and links in it.
    private func with(_ body: (String) async throws -> Void) async throws {
        let files = FileManager.default
        let root = files.temporaryDirectory.appendingPathComponent("mounts-\(UUID().uuidString.prefix(8))").path
        try files.createDirectory(atPath: root + "/real/game/data", withIntermediateDirectories: true)
        try Data().write(to: URL(fileURLWithPath: root + "/real/game/file"))
        try files.createSymbolicLink(atPath: root + "/real/link", withDestinationPath: "/etc")
        try files.createSymbolicLink(atPath: root + "/real/game/up", withDestinationPath: "../../..")
        try files.createSymbolicLink(atPath: root + "/linked", withDestinationPath: root + "/real")
        #expect(mkfifo(root + "/real/pipe", 0o600) == 0)
        defer { try? files.removeItem(atPath: root) }
        try await body(root)
    }

    private func problem(_ path: String, root: String?, readOnly: Bool = true) async -> DockerError? {
        await HostPaths.problem(
            with: [BindMount(hostPath: path, mountPath: "/data", readOnly: readOnly, root: root)]
        )
    }

    @Test("a writable mount is directly below its root")
    func depth() async throws {
        try await with { root in
            #expect(await problem(root + "/real", root: root, readOnly: false) == nil)
            #expect(await problem(root + "/real/game", root: root, readOnly: false)?.code == .invalidMount)
            #expect(await problem(root, root: root, readOnly: false)?.code == .invalidMount)
            #expect(await problem(root, root: root) == nil)
        }
    }

    @Test("a mount is a directory or file below its root, and links may lead to the root")
    func allowed() async throws {
        try await with { root in
            for path in ["/real/game", "/real/game/data", "/real/game/file", "/linked/game/data"] {
                let trusted = path.hasPrefix("/linked") ? root + "/linked" : root + "/real"
                #expect(await problem(root + path, root: trusted) == nil)
            }
            #expect(await HostPaths.problem(with: []) == nil)
        }
    }

    @Test(
        "a mount is never a link below its root, behind such a link, a socket or a device",
        arguments: [
            ("/real/link", "is a symbolic link"), ("/real/link/ssh", "is a symbolic link"),
            ("/real/link/\u{301}ssh", "is a symbolic link"),
            ("/real/game/up/x", "is a symbolic link"), ("/linked/game", "is a symbolic link"),
            ("/real/pipe", "is no directory and no file"), ("/real/game/file/x", "is no directory"),
        ]
    )
    func refused(path: String, part: String) async throws {
        try await with { root in
            let error = await problem(root + path, root: root)
            #expect(error?.code == .invalidMount)
            #expect(error?.message.contains(part) == true, "\(error?.message ?? "allowed")")
        }
    }

    @Test("a mount is never a socket")
    func socket() async throws {
        try await StubEngine.with({ _ in nil }) { _, stub in
            guard case .unix(let path) = stub.configuration.endpoint else { return }
            let error = await problem(path, root: NSTemporaryDirectory())
            #expect(error?.code == .invalidMount)
            #expect(error?.message.contains("is a socket") == true)
        }
    }

    @Test("a mount is below its root, and exists")
    func outside() async throws {
        try await with { root in
            #expect(await problem(root + "/real-2", root: root + "/real")?.code == .invalidMount)
            #expect(await problem("/etc", root: root)?.code == .invalidMount)
            let absent = await problem(root + "/real/absent", root: root)
            #expect(absent?.code == .invalidSpec)
            #expect(absent?.message.contains("does not exist on this machine") == true)
        }
    }

    @Test("a mount is checked again right before the start, and a swapped path undoes the run")
    func swapped() async throws {
        try await with { root in
            var spec = Samples.spec()
            spec.bindMounts = [BindMount(hostPath: root + "/real/game", mountPath: "/data", root: root + "/real")]
            let create = "POST /containers/create"
            let remove = "DELETE /containers/\(Samples.id)"
            try await StubEngine.with { request in
                guard request.line == create else { return request.line == remove ? .answer(204) : nil }
                try? FileManager.default.removeItem(atPath: root + "/real/game")
                try? FileManager.default.createSymbolicLink(atPath: root + "/real/game", withDestinationPath: "/etc")
                return .answer(201, Samples.created)
            } _: { engine, stub in
                let error = await dockerFailure { try await engine.run(spec) }
                #expect(error?.code == .invalidMount)
                #expect(error?.mayHaveHappened == false)
                #expect(stub.lines == [create, remove])
            }
        }
    }
}
