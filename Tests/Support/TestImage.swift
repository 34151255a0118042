import Foundation

/// Small images that need no registry: one static busybox, and a command.
package enum TestImage {
    /// Runs until SIGTERM.
    package static let idle = ["/bin/busybox", "sleep", "2147483647"]
    /// Runs on on SIGTERM.
    package static let stubborn = [
        "/bin/busybox", "sh", "-c", "trap '' TERM; echo \(deaf); while :; do /bin/busybox sleep 1; done",
    ]
    /// What the stubborn image writes when it ignores SIGTERM.
    package static let deaf = "deaf"

    /// Ends at once with this code.
    package static func ending(_ code: Int) -> [String] { ["/bin/busybox", "sh", "-c", "exit \(code)"] }

    /// Makes the image `name` on the Engine, in place of one that it has.
    ///
    /// - Parameter changes: further lines of a Dockerfile, such as `HEALTHCHECK …`.
    package static func make(
        _ name: String,
        on engine: TestEngine,
        command: [String] = idle,
        labels: [String: String] = [:],
        changes: [String] = []
    ) async throws {
        let archive = try await rootArchive()
        defer { try? FileManager.default.removeItem(at: archive.deletingLastPathComponent()) }
        let words = command.map { "\"\($0)\"" }.joined(separator: ",")
        var arguments = ["docker", "--host", engine.host, "import", "--change", "CMD [\(words)]"]
        for (label, value) in labels { arguments += ["--change", "LABEL \(label)=\"\(value)\""] }
        for change in changes { arguments += ["--change", change] }
        try await Tool.run(arguments + [archive.path, name])
    }

    /// A file system of busybox under the names of the tools that tests use.
    private static func rootArchive() async throws -> URL {
        let busybox = URL(fileURLWithPath: "/bin/busybox")
        guard FileManager.default.fileExists(atPath: busybox.path) else {
            throw ToolFailure(description: "test images are made of /bin/busybox: install the package busybox-static")
        }
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("rtm-image-\(UUID().uuidString)")
        let root = directory.appendingPathComponent("root")
        try FileManager.default.createDirectory(
            at: root.appendingPathComponent("bin"),
            withIntermediateDirectories: true
        )
        try FileManager.default.createDirectory(
            at: root.appendingPathComponent("tmp"),
            withIntermediateDirectories: true
        )
        let temporary = root.appendingPathComponent("tmp").path
        try FileManager.default.setAttributes([.posixPermissions: 0o1777], ofItemAtPath: temporary)
        try FileManager.default.copyItem(at: busybox, to: root.appendingPathComponent("bin/busybox"))
        for name in ["sh", "sleep", "cat", "echo", "nc", "httpd", "kill", "ls", "id", "dd", "tail", "head"] {
            try FileManager.default.createSymbolicLink(
                atPath: root.appendingPathComponent("bin/\(name)").path,
                withDestinationPath: "busybox"
            )
        }
        let archive = directory.appendingPathComponent("root.tar")
        try await Tool.run(["tar", "-C", root.path, "-cf", archive.path, "."])
        return archive
    }
}
